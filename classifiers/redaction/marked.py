"""Find passwords, codes and telephone numbers that are marked only by the words before them."""

import re
from collections.abc import Iterator, Sequence

from classifiers.redaction import words
from classifiers.redaction.contact import is_date
from classifiers.redaction.finding import Find, counts_something_else, digits_of
from classifiers.redaction.secrets import looks_secret
from classifiers.redaction.view import View, fold


def _any(alternatives: Sequence[str]) -> str:
    return "|".join(re.escape(fold(word)) for word in sorted(alternatives, key=len, reverse=True))


_QUOTES = "\"'“”„«»「」『』`*"
_IS = (
    rf"(?:(?<=\s)(?:{_any(words.COPULAS)})(?=[\s:{_QUOTES}])|{_any(words.COPULAS_UNPARTED)})"
    rf"[\s:=]{{0,4}}[{_QUOTES}]{{0,2}}"
)
_VALUE = r"([^\s\"'“”„«»「」『』<>]{4,128}+)"
_PASSWORD_IS = re.compile(rf"[^\n\d:=]{{0,24}}?{_IS}{_VALUE}", re.IGNORECASE)
_PASSWORD_NEXT = re.compile(rf"[^\W\d_]{{0,6}}\s{{1,2}}[{_QUOTES}]{{0,2}}{_VALUE}")
_LATIN = re.compile(r"[!-~\u00a1-\u052f]+")
_CODE = re.compile(
    rf"'?[^\W\d_]{{0,4}}2?[ '-]?(?:(?:{_any(words.CODE_NOUNS)})[^\W\d_]{{0,3}})?\s{{0,3}}"
    rf"(?:{_IS}\s{{0,2}})?"
    r"[(#]?(\d(?:[ -]?\d){2,7})(?![\d%]|[.,:/-]\d)",
    re.IGNORECASE,
)
_SHORT_END = re.compile(  # PINs, PINem, PIN'im, but not pinned or tank
    rf"'?(?:s|e|em|u|i|im|\u0131m|in|en)?(?![^\W\d_])|(?:{_any(words.CODE_NOUNS)})",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"[^\d\n+<]{0,25}(?::\s{0,3})?(\d(?:[ \t./()\u00b7\u30fc-]{0,2}\d){6,14})(?![\d%]|[:,]\d)"
)
_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")  # "token: 2026-11-27"
_STRONG_CHARS, _STRONG_CLASSES = 8, 3
_MIXED_CHARS, _DIGITS_MIN, _PHONE_DIGITS_MIN = 6, 3, 7
_ENDS = ".,;:)]}"
_PARTED = r"A-Za-z\u00b5-\u02ff\u0370-\u058f"  # letters of scripts with spaces between words
_LETTER = re.compile(rf"[{_PARTED}]")


_Stems = dict[tuple[str, str], list[str]]


def _stems(all_of_them: Sequence[str]) -> _Stems:
    """Return folded stems by their first two characters."""
    found: _Stems = {}
    for stem in dict.fromkeys(fold(word).lower() for word in all_of_them):
        found.setdefault((stem[0], stem[1]), []).append(stem)
    return found


_PASSWORD, _CODES = _stems(words.PASSWORD), _stems(words.CODE)
_SHORT_CODES = _stems(words.SHORT_CODE)
_PHONE, _SHORT_PHONE = _stems(words.PHONE), _stems(words.SHORT_PHONE)


def _marks(view: View, stems: _Stems) -> Iterator[int]:
    """Yield the end of each stem at the beginning of a word."""
    for stem in sorted(stem for pair in stems.keys() & view.pairs for stem in stems[pair]):
        place = view.low.find(stem)
        while place >= 0:
            parted = _LETTER.match(stem) is not None
            if not (parted and place and _LETTER.match(view.text, place - 1)):
                yield place + len(stem)
            place = view.low.find(stem, place + len(stem))


def passwords(view: View) -> Iterator[Find]:
    """Find values that are marked as passwords by the words before them."""
    if not view.digits:
        return
    for place in _marks(view, _PASSWORD):
        marked = _PASSWORD_IS.match(view.text, place)
        match = marked or _PASSWORD_NEXT.match(view.text, place)
        if match is None:
            continue
        value = _value(match[1])
        if _is_password(value) if marked else _is_strong(value):
            yield Find(match.start(1), match.start(1) + len(value), "KEY", value)


def _value(found: str) -> str:
    """Return a value up to the first word of a script without spaces."""
    latin = _LATIN.match(found)
    return (latin[0] if latin else found).rstrip(_ENDS)


def _is_password(value: str) -> bool:
    if value.startswith(("http://", "https://")) or len(value) <= _DIGITS_MIN:
        return False
    if value.isdecimal():
        return True
    return len(value) >= _MIXED_CHARS and looks_secret(value) and not _DAY.fullmatch(value)


def _is_strong(value: str) -> bool:
    """Return True if a value looks like a password rather than a word, even without "is"."""
    digits = len(digits_of(value))
    has_letters = any(map(str.isalpha, value))
    classes = (
        digits > 0,
        any(map(str.islower, value)),
        any(map(str.isupper, value)),
        not value.isalnum(),
    )
    strong = sum(classes) >= _STRONG_CLASSES or digits >= _DIGITS_MIN
    return len(value) >= _STRONG_CHARS and digits > 0 and has_letters and strong


def codes(view: View) -> Iterator[Find]:
    """Find PINs, security codes of cards and one-time codes."""
    if view.digits < _DIGITS_MIN:
        return
    short = (place for place in _marks(view, _SHORT_CODES) if _SHORT_END.match(view.text, place))
    for place in (*_marks(view, _CODES), *short):
        match = _CODE.match(view.text, place)
        if match is not None:
            yield Find(match.start(1), match.end(1), "KEY", digits_of(match[1]))


def phones(view: View) -> Iterator[Find]:
    """Find telephone numbers that are marked only by the words before them."""
    if view.digits < _PHONE_DIGITS_MIN:
        return
    short = (place for place in _marks(view, _SHORT_PHONE) if not _LETTER.match(view.text, place))
    for place in (*_marks(view, _PHONE), *short):
        match = _NUMBER.match(view.text, place)
        if match is None or is_date(match[1]):
            continue
        if counts_something_else(view, match.start(1), since=place):
            continue
        yield Find(match.start(1), match.end(1), "PHONE", digits_of(match[1]))
