"""Untrusted JSON from the wire: a value of an unexpected type counts as absent."""

from typing import Any

Json = dict[str, Any]


def text_in(part: Json, *names: str) -> str:
    """Return the first of these fields that is a non-empty text, else ""."""
    values = (part.get(name) for name in names)
    return next((one for one in values if isinstance(one, str) and one.strip()), "")


def objects_in(part: Json, name: str) -> list[Json]:
    """Return the objects of a list, or the one object that is there instead of a list."""
    value = part.get(name)
    items = value if isinstance(value, list) else [value]
    return [one for one in items if isinstance(one, dict)]
