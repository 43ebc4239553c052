"""Render untrusted plain text as mrkdwn, literally and within Slack's limits."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

# Slack's limits in characters. Lengths are in UTF-16 units, the highest of all ways to count.
SECTION = 3_000
MESSAGE = 12_000  # for an answer, about 100 lines; Slack refuses 40,000
_FENCE = 10_000
_SENTENCE = 600
LINE = 120  # enough to recognize a text, a name or an error
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LAST_OF_PLANE_0 = "\uffff"
_MARKS = re.compile(r"(?<!\w)[*_~](?=\S)|(?<=\S)[*_~](?!\w)")
_LOOK_ALIKE = {"*": "\u2217", "_": "\u02cd", "~": "\u223c"}


def escaped(text: str, most: int = SECTION) -> str:
    """Return mrkdwn of at most `most` units that shows a text without mentions and links.

    A longer text ends in an ellipsis, never within an entity. Formatting marks stay, so use the
    result for a separate text object, and `inline` within a sentence.
    """
    pieces = [_escaped_character(character) for character in islice(text, most + 1)]
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


def _escaped_character(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"  # a lone surrogate: Slack refuses the whole message
    return _ENTITIES.get(character, character)


def _units(piece: str) -> int:
    return len(piece) + (piece > _LAST_OF_PLANE_0)


def inline(text: str, most: int = LINE) -> str:
    """Return text for use within a sentence: one line, printable, without formatting."""
    return escaped(_MARKS.sub(lambda mark: _LOOK_ALIKE[mark[0]], _one_line(text, most)), most)


def sentence(text: str) -> str:
    """Return a longer line, such as a provider's reason, as `inline` does."""
    return inline(text, _SENTENCE)


def code(text: str, most: int = LINE) -> str:
    """Return text in backticks, with backticks in the text replaced."""
    return f"`{escaped(_one_line(text, most), most) or ' '}`"


def _one_line(text: str, most: int) -> str:
    # Spaces are dropped, so twice the length is read; this bounds the cost of a long text.
    line = " ".join(text[: 2 * most].split()).replace("`", "'")
    line = "".join(filter(str.isprintable, line))
    return line if len(text) <= 2 * most else f"{line}…"


def fenced(lines: Sequence[str], most: int = _FENCE) -> str:
    """Return lines as a code block, with backticks in the lines replaced."""
    return "```" + escaped("\n".join(lines).replace("`", "'"), most - 6) + "```"


def whole_lines(text: str, most: int = MESSAGE) -> str:
    """Return mrkdwn of at most `most` units, cut between two lines if it is longer."""
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
    return f"{start}{end}\n… The rest is left out. The command line shows all of it."


def mrkdwn(text: str) -> dict[str, Any]:
    """Return a text object in which plain names, URLs and `@here` do not become links."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}
