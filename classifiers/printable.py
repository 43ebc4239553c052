"""Make untrusted text safe for a terminal: control characters become visible escapes."""

import json
import re
from typing import Any, Final

SHOWN: Final = 120
"""Characters of a name or cell that a message quotes: enough to find it."""

# Controls, soft hyphen, zero-width space, bidirectional marks and overrides, line and paragraph
# separators, lone surrogates, byte order mark, annotations, tags. Joiners stay, because Hindi and
# emoji need them.
_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte


def printable(text: str, limit: int = SHOWN) -> str:
    r"""Return a text on one line that is safe to print in a terminal, at most `limit` characters.

    Control and format characters become escapes such as `\x1b`.
    """
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return cut if cut.isascii() and cut.isprintable() else _ACTING.sub(_escaped, cut)


def json_line(value: Any) -> str:
    """Return a value as one line of JSON that is safe to print; letters are not escaped."""
    return _ACTING.sub(_json_escape, json.dumps(value, ensure_ascii=False))


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
