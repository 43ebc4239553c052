"""Parsing of stored rows: rows that this version cannot read are skipped and logged once."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_LOGGED = 1_024  # rows remembered as logged; if there are more, some are logged again

log = structlog.get_logger()


def read(model: type[M], stored: str, what: str) -> M | None:
    """Parse a row of JSON; return None if this version cannot read it, as after a downgrade.

    `what` names the kind of row in the log. The row's content is never logged.
    """
    return parsed(model.model_validate_json, stored, what)


def parsed(parse: Callable[[str], T], stored: str, what: str) -> T | None:
    """Parse a row as `read` does, with a parser that raises ValidationError."""
    try:
        return parse(stored)
    except ValidationError as error:
        details = error.errors(include_input=False)
        where = sorted({".".join(map(str, detail["loc"])) for detail in details})
        _log(what, ", ".join(where), hash(stored))
        return None


def read_all(model: type[M], rows: Iterable[str], what: str) -> list[M]:
    """Parse rows of JSON in order, without those that this version cannot read."""
    parsed_rows = [read(model, row, what) for row in rows]
    return [row for row in parsed_rows if row is not None]


@lru_cache(_LOGGED)
def _log(what: str, where: str, _row: int) -> None:
    log.error("storage.unreadable", what=what, where=where)
