"""Views of a text: with escapes decoded, and plain characters in place of look-alikes."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

_DECODINGS = 3  # for an entity inside a percent escape inside a JSON string
_TO_FOLD = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\U0010ffff]")
_ESCAPE = re.compile(
    r"(?P<percent>(?:%(?:25)*[0-9A-Fa-f]{2})++)"
    r"|&(?:amp;)*+(?P<entity>\#\d{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]\w{1,31});"
    r"|(?<!\\)\\++(?:(?P<control>[nrt\"'/])|u(?P<code>[0-9A-Fa-f]{4})|x(?P<byte>[0-9A-Fa-f]{2}))"
)
_PERCENT = re.compile(r"%(?:25)*([0-9A-Fa-f]{2})")
_QUERY = re.compile(r"[?&][^\s=&#]{1,64}=[^\s&#<>\"']*+")
_CONTROL = {"n": "\n", "r": "\n", "t": "\t"}
_CATEGORIES = dict.fromkeys(("Cf", "Cc", "Mn", "Me"), "") | {  # joiners, marks on others, keycaps
    "Pd": "-",
    "Zs": " ",
    "Zl": "\n",
    "Zp": "\n",
}
_FILLERS = "\u115f\u1160\u3164\uffa0"  # invisible letters
_READ_ALIKE = (
    dict.fromkeys("\u2212\u2043\u02d7\u2500\u23af", "-")
    | dict.fromkeys("\u2022\u2219\u2027\u30fb\u22c5\u16eb", "\u00b7")
    | dict.fromkeys("\u2044\u2215", "/")
    | dict.fromkeys(_FILLERS, "")
    | {"\u2800": " ", "\u0130": "I", "\u0085": "\n", "\u2024": "."}
)


@dataclass(frozen=True)
class View:
    """A view of a text; character n of the view is at `starts[n]:ends[n]` of the text."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @cached_property
    def low(self) -> str:
        """Return the view in lower case, position by position."""
        return self.text.lower()

    @cached_property
    def pairs(self) -> set[tuple[str, str]]:
        """Return all pairs of adjacent lower-case characters, to rule out words quickly."""
        return set(zip(self.low, self.low[1:], strict=False))

    @cached_property
    def digits(self) -> int:
        """Return the number of digits in the view."""
        return sum(map(self.text.count, "0123456789"))


def views(text: str) -> list[View]:
    """Return the view of the text as written, and the decoded view if it differs."""
    written = _folded(View(text, range(len(text)), range(1, len(text) + 1)))
    decoded = _spaced(written)
    for _ in range(_DECODINGS):
        if not _ESCAPE.search(decoded.text):
            break
        decoded = _folded(_decoded(decoded))
    return [written] if decoded is written else [written, decoded]


def _spaced(view: View) -> View:
    """Replace a plus in the query of a link by a space."""
    if "+" not in view.text or "=" not in view.text:
        return view
    text = _QUERY.sub(lambda match: match[0].replace("+", " "), view.text)
    return view if text == view.text else View(text, view.starts, view.ends)


def fold(text: str) -> str:
    """Return the text with plain characters for look-alikes, without invisible characters."""
    return "".join(map(_fold, text)) if _TO_FOLD.search(text) else text


def _folded(view: View) -> View:
    if not _TO_FOLD.search(view.text):
        return view
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for character, start, end in zip(view.text, view.starts, view.ends, strict=True):
        plain = _fold(character)
        if plain:
            characters.append(plain)
            starts.append(start)
            ends.append(end)
        elif ends:
            ends[-1] = end
    return View("".join(characters), starts, ends)


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    """Return the plain form of a character, or "" if it is invisible."""
    if character < "\x7f" and (character >= " " or character in "\t\n\r\v\f"):
        return character
    if character in _READ_ALIKE:
        return _READ_ALIKE[character]
    category = unicodedata.category(character)
    if category in _CATEGORIES:
        return _CATEGORIES[category]
    plain = unicodedata.normalize("NFKC", character)
    plain = plain if len(plain) == 1 else character
    digit = unicodedata.digit(plain, None)
    return plain if digit is None else str(digit)


def _decoded(view: View) -> View:
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    last = 0
    for match in _ESCAPE.finditer(view.text):
        characters.append(view.text[last : match.start()])
        starts.extend(view.starts[last : match.start()])
        ends.extend(view.ends[last : match.start()])
        for character, start, end in _characters(match):
            characters.append(character)
            starts.append(view.starts[start])
            ends.append(view.ends[end - 1])
        last = match.end()
    characters.append(view.text[last:])
    starts.extend(view.starts[last:])
    ends.extend(view.ends[last:])
    return View("".join(characters), starts, ends)


def _characters(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the characters of an escape, each with its start and end in the text."""
    if match["percent"]:
        yield from _percent(match)
        return
    if match["entity"]:
        decoded = html.unescape(f"&{match['entity']};")
        found = decoded if len(decoded) == 1 else match[0]
    elif match["control"]:
        found = _CONTROL.get(match["control"], match["control"])
    else:
        found = chr(int(match["code"] or match["byte"], 16))
    if len(found) == 1:
        yield found, match.start(), match.end()
    else:
        for place, character in enumerate(found, match.start()):
            yield character, place, place + 1


def _percent(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    escapes = list(_PERCENT.finditer(match.string, match.start(), match.end()))
    octets = bytes(int(escape[1], 16) for escape in escapes)
    place = 0
    for character in octets.decode("utf-8", "surrogateescape"):
        length = 1 if "\udc80" <= character <= "\udcff" else len(character.encode())
        yield character, escapes[place].start(), escapes[place + length - 1].end()
        place += length
