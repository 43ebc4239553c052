"""Read fields of untrusted JSON; a value of an unexpected type counts as missing."""

from typing import Any

Json = dict[str, Any]


def text_in(part: Json, *names: str) -> str:
    """Return the first of these fields that is a non-blank text, or ""."""
    values = (part.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value.strip()), "")


def objects_in(part: Json, name: str) -> list[Json]:
    """Return the objects in a field that is a list of objects or a single object."""
    value = part.get(name)
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]
