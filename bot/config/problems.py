"""Turn pydantic's errors about settings and triage.toml into messages for operators."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel

from classifiers.printable import printable

Place = tuple[int | str, ...]
_KEY_MAX: Final = 60
_LIST: Final = 'must be a list, such as ["…", "…"]'
_TABLE: Final = "must be a table: write its keys below a line such as [{key}]"
_NUMBER: Final = "must be a number"
_WHOLE: Final = "must be a whole number"
_SWITCH: Final = "must be true or false"
_CHOICE: Final = "must be {expected}"
_RULES: Final = {
    "missing": "missing. Add it.",
    "tuple_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "enum": _CHOICE,
    "literal_error": _CHOICE,
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
}
_LABELS: Final = "no labels. Write each below its own line [[labels]], with a name and an emoji."


def file_problems(errors: Sequence[Mapping[str, Any]], table: type[BaseModel]) -> Iterator[str]:
    """Yield a line for each of pydantic's errors about a TOML file with the fields of `table`."""
    in_a_label = any(error["loc"][:1] == ("labels",) and len(error["loc"]) > 1 for error in errors)
    for error in errors:
        if error["loc"] == ("labels",):
            if not in_a_label:
                yield f"labels: {_LABELS}"
            continue
        place = tuple(part for part in error["loc"] if part != "[key]")
        if error["type"] == "extra_forbidden":
            problem = f"no such key{_suggestion(place, table)}"
        else:
            problem = reason(error, _written(place)) + _value(error)
        yield f"{_written(place)}: {problem}" if place else problem


def reason(error: Mapping[str, Any], key: str) -> str:
    """Return the rule that a value breaks, from pydantic's error; the value is not quoted."""
    rule = _RULES.get(error["type"])
    if rule is None:
        return str(error["msg"]).removeprefix("Value error, ")
    limits = {
        name: f"{limit:.15g}" if isinstance(limit, float) else limit
        for name, limit in error.get("ctx", {}).items()
    }
    return rule.format(key=key, **limits)


def _value(error: Mapping[str, Any]) -> str:
    """Return the value that breaks one of `_RULES`, or "" for a list, a table or an empty text."""
    value = error["input"]
    if error["type"] not in _RULES or not isinstance(value, str | int | float) or value == "":
        return ""
    written = str(value).lower() if isinstance(value, bool) else str(value)
    quoted = f'"{written}"' if isinstance(value, str) else written
    return f", but is {printable(quoted)}"


def _written(place: Place) -> str:
    """Return a place as people count: the first label is label 1."""
    parts = [str(part + 1) if isinstance(part, int) else part for part in place]
    return ".".join(printable(part, _KEY_MAX) for part in parts)


def _suggestion(place: Place, file: type[BaseModel]) -> str:
    """Return a question with the key that was probably meant, or the list of allowed keys."""
    *tables, wrong = place
    table = file
    for part in tables:
        if isinstance(part, str) and part in table.model_fields:
            table = _table(table.model_fields[part].annotation) or table
    here, folded = list(_names(table)), str(wrong).casefold()
    elsewhere = {name: path for path, name in _paths(file) if name not in here}
    found = get_close_matches(folded, here, 1, 0.75)
    if not found and (other := get_close_matches(folded, elsewhere, 1, 0.85)):
        return f'; did you mean "{other[0]}" below {elsewhere[other[0]]}?'
    if found := found or get_close_matches(folded, here, 1, 0.5):
        return f'; did you mean "{found[0]}"?'
    return f". Allowed here: {', '.join(sorted(here))}."


def _names(table: type[BaseModel]) -> Iterator[str]:
    return (field.alias or name for name, field in table.model_fields.items())


def _paths(file: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield the header of each table of the file with each of its keys."""
    for name, field in file.model_fields.items():
        inner = _table(field.annotation)
        if inner is not None:
            header = f"[[{name}]]" if "tuple" in str(field.annotation) else f"[{name}]"
            yield from ((header, key) for key in _names(inner))


def _table(annotation: object) -> type[BaseModel] | None:
    """Return the table that an annotation holds, directly or in a tuple or a dict."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_table, get_args(annotation))), None)
