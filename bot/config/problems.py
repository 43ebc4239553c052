"""What is wrong with triage.toml or a variable, in words that say what would be right."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel

from classifiers.printable import printable

Place = tuple[int | str, ...]
_KEY_MAX: Final = 60
_LIST = 'write a list, such as ["…", "…"]'
_TABLE = "write a table, with its keys below a line such as [{key}]"
_WORDS: Final = {
    "missing": "it is missing: add it",
    "tuple_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "string_pattern_mismatch": "leave out the spaces at its beginning and end",
}
_LABELS: Final = "write each label below a line [[labels]], with its name and emoji"


def problems(errors: Sequence[Mapping[str, Any]], table: type[BaseModel]) -> Iterator[str]:
    """Yield a line for each of pydantic's errors, which name places in `table`."""
    within = any(one["loc"][:1] == ("labels",) and len(one["loc"]) > 1 for one in errors)
    for one in errors:
        if one["loc"] == ("labels",):
            if not within:
                yield f"labels: {_LABELS}"
            continue
        place = tuple(part for part in one["loc"] if part != "[key]")
        yield f"{_written(place) or 'the file'}: {_wrong(one, place, table)}"


def _wrong(error: Mapping[str, Any], place: Place, table: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        return f"no such key{_nearest(place, table)}"
    words = _WORDS.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
    return words.replace("{key}", _written(place))


def _written(place: Place) -> str:
    """Return a place as people count: the first label is label 1."""
    parts = [str(part + 1) if isinstance(part, int) else part for part in place]
    return ".".join(printable(part, _KEY_MAX) for part in parts)


def _nearest(place: Place, whole: type[BaseModel]) -> str:
    """Return the key that a misspelt or misplaced one is likely meant to be, as a question."""
    *tables, wrong = place
    table = whole
    for part in tables:
        if isinstance(part, str) and part in table.model_fields:
            table = _table(table.model_fields[part].annotation) or table
    here, folded = list(_names(table)), str(wrong).casefold()
    elsewhere = {name: path for path, name in _paths(whole) if name not in here}
    found = get_close_matches(folded, here, 1, 0.75)
    if not found and (other := get_close_matches(folded, elsewhere, 1, 0.85)):
        return f'; did you mean "{other[0]}" below {elsewhere[other[0]]}?'
    if found := found or get_close_matches(folded, here, 1, 0.5):
        return f'; did you mean "{found[0]}"?'
    return f"; the keys here are {', '.join(sorted(here))}"


def _names(table: type[BaseModel]) -> Iterator[str]:
    return (field.alias or name for name, field in table.model_fields.items())


def _paths(whole: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield the header of each table of the file with each of its keys."""
    for name, field in whole.model_fields.items():
        inner = _table(field.annotation)
        if inner is not None:
            header = f"[[{name}]]" if "tuple" in str(field.annotation) else f"[{name}]"
            yield from ((header, key) for key in _names(inner))


def _table(annotation: object) -> type[BaseModel] | None:
    """Return the table that an annotation holds, itself or inside of a tuple or a dict."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_table, get_args(annotation))), None)
