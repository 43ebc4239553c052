"""The type of finds, and checks that several finders share."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from classifiers.redaction.view import View
from classifiers.redaction.words import OTHER_NUMBERS


@dataclass(frozen=True, slots=True)
class Find:
    """An identifier from `start` to `end` of a view; equal values of a kind get one placeholder.

    A find without a kind protects text that is not an identifier from later finders.
    """

    start: int
    end: int
    kind: str
    value: str


Finder = Callable[[View], Iterator[Find]]

_PLACEHOLDER = re.compile(r"<(?:CREDENTIALS|KEY|EMAIL|IBAN|CARD|IP|PHONE)_\d{1,9}>")
_HEX = re.compile(r"[0-9a-fA-F-]{24,}+(?![0-9A-Za-z])")
_HASH = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?=[0-9]{0,63}+[a-f])[0-9a-f]{24,128}+)(?![0-9A-Za-z])",
    re.IGNORECASE | re.ASCII,
)
_PARCEL = re.compile(r"\b1Z(?: ?[0-9A-Z]){16}\b", re.IGNORECASE | re.ASCII)
_OTHERWISE = re.compile(  # but not "in case" and "in order to"
    r"(?!(?<=\bin )(?:order to |cas[eo] (?!n|id|[\d#])))(?:"
    + "|".join(map(re.escape, OTHER_NUMBERS))
    + r")[^\d\n]{0,20}\Z"
)
_LOOK_BACK = 48


def placeholders(view: View) -> Iterator[Find]:
    """Protect placeholders that are already in a text."""
    if "_" in view.text:
        for match in _PLACEHOLDER.finditer(view.text):
            yield Find(match.start(), match.end(), "", "")


def hashes(view: View) -> Iterator[Find]:
    """Protect UUIDs, hashes and UPS tracking numbers from finders of cards and phone numbers."""
    if view.digits:
        for match in _PARCEL.finditer(view.text) if "1z" in view.low else ():
            yield Find(match.start(), match.end(), "", "")
        for run in _HEX.finditer(view.text):
            for match in _HASH.finditer(view.text, run.start(), run.end()):
                yield Find(match.start(), match.end(), "", "")


def counts_something_else(view: View, start: int, since: int = 0) -> bool:
    """Return True if words before a number say that it is an order, an invoice or similar.

    Only words after the position `since` count.
    """
    return _OTHERWISE.search(view.low, max(since, start - _LOOK_BACK), start) is not None


def digits_of(text: str) -> str:
    """Return the digits of a text."""
    return "".join(filter(str.isdecimal, text))
