"""Text in a cell: nothing that a spreadsheet takes for a formula, and back again."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")  # noqa: RUF001


def cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula; `uncell` takes the mark off again."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def uncell(text: str) -> str:
    """What a cell said before it was made safe."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
