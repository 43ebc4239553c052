"""Text from outside, made fit to keep: well-formed, without control characters, not too long."""

import json
import re
from typing import Any

KEPT_CHARS = 4_000
"""Characters of a message that are kept and read; classifiers and cards read no more."""

# C0 and C1 controls but tab, newline and carriage return: nobody sees them, and a terminal, a
# spreadsheet or a database may take them for commands.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_WORD_END = 80  # how far a cut moves so that it falls between words


def well_formed(text: str) -> str:
    """Return the text as valid Unicode: halves of an emoji joined, a lone half as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def all_well_formed(value: Any) -> Any:
    """Return a JSON value with every text in it well-formed, keys included.

    ValueError where it is nested more deeply than Python reads.
    """
    try:
        content = json.dumps(value, ensure_ascii=False)
        mended = well_formed(content)
        return value if mended is content else json.loads(mended)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def legible(text: str) -> str:
    """Return the text well-formed and without control characters; tabs and line ends stay."""
    return _CONTROLS.sub("", well_formed(text))


def shortened(text: str, limit: int, mark: str = " … ") -> str:
    """Return at most `limit` characters: three quarters from the start, the rest from the end.

    `mark` stands where something is left out, between words where a word ends nearby.
    """
    if len(text) <= limit:
        return text
    tail = limit // 4
    start, end = text[: limit - tail - len(mark)], text[-tail:]
    return f"{_to_last_space(start)}{mark}{_to_last_space(end[::-1])[::-1]}"


def kept(text: str) -> str:
    """Return what is kept of a message: all of it, or KEPT_CHARS with the cut marked."""
    return shortened(text, KEPT_CHARS, f"\n[… cut: {len(text):,} characters …]\n")


def _to_last_space(text: str) -> str:
    at = max(map(text.rfind, " \n\t"))
    return text[:at] if at > len(text) - _WORD_END else text
