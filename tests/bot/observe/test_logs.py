"""Logs show where an error occurred, and never private text."""

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from bot.observe.logs import outline
from storage.inbox.events import EVENT

WORD = "kum" + "quat"


def failed() -> BaseException:
    """Return an error whose parts all quote the word."""
    with pytest.raises(ValidationError, match=WORD) as raised:
        EVENT.validate_json(f'{{"kind": "posted", "message": "{WORD}"}}')
    return ExceptionGroup(WORD, [raised.value, KeyError(WORD)])


def test_an_error_is_logged_with_places_and_types_only() -> None:
    error = failed()
    said = outline((type(error), error, error.__traceback__))
    assert WORD not in said
    assert "test_logs.py" in said
    assert "ValidationError" in said
    assert "builtins.KeyError" in said


LIBRARY = f"""
import logging, warnings
from bot.observe.logs import configure
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


def test_every_log_line_is_json() -> None:
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


FAILURES = f"""
import asyncio, logging, threading, warnings
from bot.observe.logs import configure
configure()
logging.getLogger().setLevel(logging.DEBUG)
logging.getLogger("library").setLevel(logging.DEBUG)
logging.getLogger("library").info("a body: {WORD}")
try:
    raise ValueError("said {WORD}")
except ValueError as error:
    logging.getLogger("library").error(f"it failed: {{error}}")
    logging.getLogger("library").error("it failed: %s", error)
    logging.getLogger("library").exception(f"it failed: {{error!r}}")
warnings.warn("expected str [input_value='{WORD}', input_type=int]")

async def lost():
    async def fails(): raise ValueError("{WORD}")
    task = asyncio.create_task(fails(), name="{WORD}")
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(lambda word: 1 / 0, "{WORD}")
    await asyncio.sleep(0.01)
    del task

asyncio.run(lost(), debug=True)
thread = threading.Thread(target=lambda: int("{WORD}"))
thread.start()
thread.join()
raise KeyError("{WORD}")
"""


def test_unhandled_errors_are_logged_without_texts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILURES], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert WORD not in done.stderr + done.stdout
    rows = [json.loads(line) for line in done.stderr.splitlines()]
    events = [row["event"] for row in rows]
    assert [one for one in events if one.startswith("it failed")] == ["it failed: ValueError"] * 3
    assert "Task exception was never retrieved" in events
    assert "Exception in callback lost" in events
    assert events.count("failed") == 2
