"""A traceback in the log says where, and never what somebody wrote."""

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from support_triage.bot.logs import outline
from support_triage.storage.events import EVENT

WORD = "kum" + "quat"


def failed() -> BaseException:
    """An error whose parts all quote the word."""
    with pytest.raises(ValidationError, match=WORD) as raised:
        EVENT.validate_json(f'{{"kind": "posted", "message": "{WORD}"}}')
    return ExceptionGroup(WORD, [raised.value, KeyError(WORD)])


def test_an_error_is_told_by_its_places_and_types_alone() -> None:
    error = failed()
    said = outline((type(error), error, error.__traceback__))
    assert WORD not in said
    assert "test_logs.py" in said
    assert "ValidationError" in said
    assert "builtins.KeyError" in said


LIBRARY = f"""
import logging, warnings
from support_triage.bot.logs import configure
configure()
import structlog
structlog.get_logger().warning("ours", number=1)
try:
    raise KeyError("{WORD}")
except KeyError:
    logging.getLogger("library").error("it %s", "failed", exc_info=True)
    structlog.get_logger().error("ours", exc_info=True)
warnings.warn("careful")
logging.getLogger("slack_bolt.App").warning("a request's body")
"""


def test_every_line_is_json_whoever_writes_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIBRARY], capture_output=True, text=True, check=True, timeout=60
    )
    rows = [json.loads(line) for line in done.stderr.splitlines()]
    assert [row["event"] for row in rows[:3]] == ["ours", "it failed", "ours"]
    assert rows[1]["logger"] == "library"
    assert "builtins.KeyError" in rows[1]["exception"]
    assert "careful" in rows[3]["event"]
    assert len(rows) == 4
    assert WORD not in done.stderr
