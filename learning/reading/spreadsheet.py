"""Escapes text that a spreadsheet would run as a formula, and removes the escape."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")  # noqa: RUF001


def cell(text: str) -> str:
    """Return text that no spreadsheet runs as a formula; `uncell` reverses it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def uncell(text: str) -> str:
    """Return the text of a cell as it was before `cell`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
