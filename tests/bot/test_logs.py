"""A traceback in the log says where, and never what somebody wrote."""

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
