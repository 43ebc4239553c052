"""Reads stored rows; leaves out rows that this version cannot read, and logs that once."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_TOLD = 1_024  # rows that are remembered as told; a row beyond these is told again

log = structlog.get_logger()


def read(model: type[M], stored: str, what: str) -> M | None:
    """Read one row of JSON; return None if it cannot be read, as after a downgrade.

    `what` names the kind of row in the log. The row's content is never logged.
    """
    return parsed(model.model_validate_json, stored, what)


def parsed(parse: Callable[[str], T], stored: str, what: str) -> T | None:
    """Read one row as `read` does, by a parser of JSON that raises ValidationError."""
    try:
        return parse(stored)
    except ValidationError as error:
        where = sorted(
            {".".join(map(str, one["loc"])) for one in error.errors(include_input=False)}
        )
        _tell(what, ", ".join(where), hash(stored))
        return None


def read_all(model: type[M], rows: Iterable[str], what: str) -> list[M]:
    """Read rows of JSON in their order, without those that cannot be read."""
    found = [read(model, one, what) for one in rows]
    return [one for one in found if one is not None]


@lru_cache(_TOLD)
def _tell(what: str, where: str, _row: int) -> None:
    log.error("storage.unreadable", what=what, where=where)
