"""Find card numbers (by shape, scheme and checksum) and IBANs (by country and checksum)."""

import re
from collections.abc import Iterator, Sequence

from classifiers.redaction.finding import (
    Find,
    counts_something_else,
    digits_of,
)
from classifiers.redaction.view import View, fold
from classifiers.redaction.words import CARD

# People separate groups by spaces, line ends, dashes, dots and mark-up. The bound keeps the time
# for a hostile text of gaps linear.
_GAP = r"[\s.\-/_+*~`\u00b7\u30fc]{1,3}"
_RUN = re.compile(rf"\d(?<![\d+]\d)\d{{0,18}}+(?:{_GAP}\d{{1,19}}+){{0,23}}")
_GROUP = re.compile(r"\d+")
_CARD_DIGITS_MIN, _IBAN_DIGITS_MIN = 12, 2
_SHAPES = {
    *((4, 4, 4, last) for last in (1, 2, 3, 4)),
    *((4, 4, 4, 4, last) for last in (1, 2, 3)),
    *((4, 6, 5), (4, 6, 4), (8, 8), (6, 10), (6, 13), (4, 12), (2, 4, 4, 4, 2), (4, 5, 6)),
    *((1,) * count for count in (16, 15, 14)),
    (2,) * 8,
}
_COUNTS = sorted({len(shape) for shape in _SHAPES} | {1}, reverse=True)
_SCHEMES = re.compile(
    r"4\d{12,18}|5\d{12,18}|6\d{12,18}|3[47]\d{13}|3(?:0[0-59]|[689]\d)\d{11,16}|35\d{14,17}"
    r"|(?:2131|1800)\d{11}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|2720\d{12}|220[0-4]\d{12,15}"
    r"|8[12]\d{14,17}|9792\d{12}|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8}"
)
_EXPIRY = re.compile(r"(?:0[1-9]|1[0-2])[2-4]\d")  # 1227 after a card is its month and year
_FOUR = 4
_CARD_MARK = re.compile("|".join(map(fold, CARD)))
_MARK_CHARS = 32
_IBAN = re.compile(
    r"[A-Za-z]{2}\d{2}(?:(?<![A-Za-z0-9]....)|(?<=[Ii][Bb][Aa][Nn]....))"
    rf"(?:(?:{_GAP})?[A-Za-z0-9]){{11,30}}"
)
_IBAN_MARKS = ("iban", "آيبان", "ايبان", "ибан", "ไอแบน")
_MARKED_IBAN = re.compile(
    rf"(?:{'|'.join(_IBAN_MARKS)})[^\w\n]{{0,4}}(?:[A-Za-z]{{2,8}}[^\w\n]{{1,3}})?"
    rf"([A-Za-z]{{2}}\d{{2}}(?:{_GAP})?[A-Za-z0-9]{{4}}(?:(?:{_GAP})?[A-Za-z0-9]{{1,4}}\d)"
    rf"(?:(?:{_GAP})?\d{{1,30}}){{0,8}})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_IBAN_GROUPS = re.compile(r"[A-Za-z0-9]+")
_IBAN_DIGITS = 8
_IBAN_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FO FI GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}  # length: countries, from the SWIFT IBAN registry
_IBAN_LENGTH = {
    country: length for length, names in _IBAN_COUNTRIES.items() for country in names.split()
}


def luhn(digits: str) -> bool:
    """Return True if digits pass the Luhn checksum (ISO/IEC 7812-1, annex B)."""
    total = sum(map(int, digits[-1::-2]))
    return (total + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0


def cards(view: View) -> Iterator[Find]:
    """Find card numbers, even next to other numbers."""
    if view.digits < _CARD_DIGITS_MIN:
        return
    for run in _RUN.finditer(view.text):
        if len(run[0]) < _CARD_DIGITS_MIN:
            continue
        groups = list(_GROUP.finditer(view.text, run.start(), run.end()))
        first = done = 0
        while first < len(groups):
            count = next(_card_groups(groups, first, done), 0)
            if count and not (count == 1 and _is_order(view, groups[first].start())):
                last = groups[first + count - 1]
                number = "".join(group[0] for group in groups[first : first + count])
                yield Find(groups[first].start(), last.end(), "CARD", number)
                done = first + count
            first += count or 1


def _is_order(view: View, start: int) -> bool:
    """Return True if words before a number call it an order, and no later word calls it a card."""
    marks = list(_CARD_MARK.finditer(view.low, max(0, start - _MARK_CHARS), start))
    return counts_something_else(view, start, since=marks[-1].end() if marks else 0)


def _card_groups(groups: Sequence[re.Match[str]], first: int, done: int) -> Iterator[int]:
    """Yield each count of groups from `first` on that can be one card, the highest count first.

    Groups before `done` belong to cards found already.
    """
    for count in _fitting(groups, first):
        if count == 1 or _whole(groups, first, count, done):
            yield count


def _fitting(groups: Sequence[re.Match[str]], first: int) -> Iterator[int]:
    parts = [group[0] for group in groups[first : first + _COUNTS[0]]]
    lengths = tuple(map(len, parts))
    for count in _COUNTS:
        if count > len(parts) or (count > 1 and lengths[:count] not in _SHAPES):
            continue
        number = "".join(parts[:count])
        if _SCHEMES.fullmatch(number) and luhn(number):
            yield count


def _whole(groups: Sequence[re.Match[str]], first: int, count: int, done: int) -> bool:
    """Return False if the groups are part of a longer number, such as a parcel number.

    A group of four next to them shows that, unless it is an expiry date or starts another card.
    """
    last = first + count
    before = first > done and len(groups[first - 1][0]) == _FOUR == len(groups[first][0])
    after = last < len(groups) and len(groups[last][0]) == _FOUR == len(groups[last - 1][0])
    if before or not after:
        return not before
    return bool(_EXPIRY.fullmatch(groups[last][0])) or any(_fitting(groups, last))


def ibans(view: View) -> Iterator[Find]:
    """Find IBANs of the countries in the registry, and values marked as IBANs."""
    if view.digits < _IBAN_DIGITS_MIN:
        return
    for match in _IBAN.finditer(view.text):
        yield from _iban(match)
    if not any(mark in view.low for mark in _IBAN_MARKS):
        return
    for match in _MARKED_IBAN.finditer(view.text):
        code = "".join(filter(str.isalnum, match[1])).upper()
        yield Find(match.start(1), match.end(1), "IBAN", code)


def _iban(match: re.Match[str]) -> Iterator[Find]:
    found = match[0]
    length = _IBAN_LENGTH.get(found[:2].upper(), 0)
    ends = [end for end, character in enumerate(found, 1) if character.isalnum()]
    if not 0 < length <= len(ends):
        return
    end = ends[length - 1]
    in_fours = all(len(group) == _FOUR for group in _IBAN_GROUPS.findall(found[:end])[:-1])
    if not in_fours and len(digits_of(found[:end])) < _IBAN_DIGITS:
        return  # probably a number and words: 1 in 97 passes by chance
    code = "".join(filter(str.isalnum, found[:end])).upper()
    number = "".join(str(int(character, 36)) for character in code[4:] + code[:4])
    if int(number) % 97 == 1 and not found[end : end + 1].isalnum():
        yield Find(match.start(), match.start() + end, "IBAN", code)
