"""Renders untrusted plain text as Slack's mark-up, unchanged and within Slack's limits."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

# Slack's limits in characters. Lengths here are UTF-16 units, the most that a counter can find.
SECTION = 3_000
MESSAGE = 12_000  # of an answer, about 100 lines; from 40,000 on Slack refuses it
_FENCE = 10_000
_SENTENCE = 600
LINE = 120  # enough to know a text, a name or an error by
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LAST_OF_PLANE_0 = "\uffff"
_MARKS = re.compile(r"(?<!\w)[*_~](?=\S)|(?<=\S)[*_~](?!\w)")
_LOOK_ALIKE = {"*": "\u2217", "_": "\u02cd", "~": "\u223c"}


def escaped(text: str, most: int = SECTION) -> str:
    """Return text that shows as it is in at most `most` units: no mention, link or entity in it.

    A text that is too long ends in an ellipsis, never inside an entity. Formatting stays, so give
    the result a text object of its own; `inline` is for words inside of a sentence.
    """
    pieces = [_piece(character) for character in islice(text, most + 1)]
    if len(text) <= most and sum(map(_units, pieces)) <= most:
        return "".join(pieces)
    left = most - 1
    kept = []
    for piece in pieces:
        left -= _units(piece)
        if left < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…"


def _piece(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"  # half a character: Slack refuses the whole message
    return _ENTITIES.get(character, character)


def _units(piece: str) -> int:
    return len(piece) + (piece > _LAST_OF_PLANE_0)


def inline(text: str, most: int = LINE) -> str:
    """Return text for the middle of a sentence: one line, printable, without formatting."""
    return escaped(_MARKS.sub(lambda mark: _LOOK_ALIKE[mark[0]], _one_line(text, most)), most)


def sentence(text: str) -> str:
    """Return a line of a report, such as a provider's reason, as `inline` does."""
    return inline(text, _SENTENCE)


def code(text: str, most: int = LINE) -> str:
    """Return text in backticks that nothing in the text can close."""
    return f"`{escaped(_one_line(text, most), most) or ' '}`"


def _one_line(text: str, most: int) -> str:
    # Spaces go, so twice the length is looked at; a long text costs no more than a short one.
    line = " ".join(text[: 2 * most].split()).replace("`", "'")
    line = "".join(filter(str.isprintable, line))
    return line if len(text) <= 2 * most else f"{line}…"


def fenced(lines: Sequence[str], most: int = _FENCE) -> str:
    """Return lines in a code block; nothing in them closes it or becomes mark-up."""
    return "```" + escaped("\n".join(lines).replace("`", "'"), most - 6) + "```"


def whole_lines(text: str, most: int = MESSAGE) -> str:
    """Return mark-up in at most `most` units; cut a longer one between two lines."""
    if sum(map(_units, text)) <= most:
        return text
    left = most - LINE
    kept: list[str] = []
    for line in text.split("\n"):
        left -= sum(map(_units, line)) + 1
        if left < 0:
            break
        kept.append(line)
    start = "\n".join(kept)
    end = "```" if start.count("```") % 2 else ""
    return f"{start}{end}\n… the rest is left out; the command line shows all of it"


def mrkdwn(text: str) -> dict[str, Any]:
    """Return a text object in which no plain name, address or `@here` becomes a link."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}
