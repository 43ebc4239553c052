"""Personal data and secrets in a text become typed placeholders, before the text leaves."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# Every pattern starts only at the beginning of a run of its own characters and repeats within
# bounds or possessively, so that a hostile text of any shape costs linear time.
_GAP = r"[ .\-/]"  # what people put between groups of digits
_PHONE_GAP = r"[ ().\-/]{0,3}"
_INVISIBLE = re.compile(r"(?<=[ -~])[\u00ad\u200b-\u200d\u2060\ufeff]++(?=[ -~])")
_READ_ALIKE = str.maketrans(
    {0xFF01 + place: 0x21 + place for place in range(94)}  # full-width forms
    | {first + digit: ord("0") + digit for first in (0x660, 0x6F0, 0x966) for digit in range(10)}
    | dict.fromkeys("\u00a0\u2009\u202f\u3000", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")
)

_CREDENTIALS = re.compile(r"(?<=://)[^\s/<>?#]{1,256}@")
_PEM = re.compile(
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]{0,8192}(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)?")
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-[\w-]{16,}+|(?:sk|pk|rk)_(?:live|test)_\w{10,}+|xox[a-z]-[\w-]{8,}+"
    r"|xapp-[\w-]{8,}+|gh[opusr]_\w{20,}+|github_pat_\w{20,}+|glpat-[\w-]{16,}+|hf_\w{20,}+"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}+|npm_\w{30,}+|pypi-[\w-]{16,}+|whsec_\w{16,}+"
    r"|SG\.[\w-]{16,}+\.[\w-]{16,}+|(?<=hooks\.slack\.com/)services/[\w/]{8,}+)"
)
_SCHEME = re.compile(r"\b(?:bearer|basic)\s{1,4}([\w.~+/=-]{12,}+)", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?:key|secret|token|passwd|password|passphrase|pwd|pw|auth)[\"']?\s{0,4}(?:[:=]|is\s)\s{0,4}[\"']?"
    r"([^\s\"'<>,;&]{6,}+)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+%'&~-])[\w.+%'&~-]++@[\w-]++(?:\.[\w-]++)++")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}", re.IGNORECASE)
_GAPS = re.compile(r"[ -]")
_CARD = re.compile(
    rf"(?<![\d+])(?:\d{{12,19}}|\d{{4}}({_GAP}{{1,2}})\d{{4}}\1\d{{4}}\1\d{{1,4}}(?:\1\d{{1,3}})?|\d{{4}}({_GAP})\d{{6}}\2\d{{4,5}})(?!\d)"
)
_IPV4 = re.compile(
    r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1\d\d|\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|\d?\d)(?!\.?\d)"
)
_IPV6 = re.compile(r"(?:(?<![\w:])|(?<=ip:)|(?<=v6:))[\da-f:]{3,39}(?![\w:])", re.IGNORECASE)
_FREE = r"(?<![\w.,])(?<!\d:)(?<![A-Za-z]-)"  # not in a word, an amount, a time, an INV-0123
_EXTENSION = r"(?:,? ?(?:x|ext\.?) ?\d{1,6})?(?!\d)"
_PHONES = (
    re.compile(rf"(?<![\w+])\+(?:{_PHONE_GAP}\d){{7,15}}{_EXTENSION}"),
    re.compile(rf"{_FREE}00 ?[1-9](?:{_PHONE_GAP}\d){{7,13}}{_EXTENSION}"),
    re.compile(rf"{_FREE}(?:1[ .-])?\(?[2-9]\d\d(?:\)[ .-]?|[ .-])\d{{3}}[ .-]\d{{4}}{_EXTENSION}"),
    re.compile(
        rf"{_FREE}\(?0\)?[1-9]\d{{0,4}}(?:\)?{_GAP}{{1,2}}|\))\d{{1,8}}"
        rf"(?:{_GAP}{{1,2}}\d{{2,8}}){{0,4}}{_EXTENSION}"
    ),
    re.compile(
        rf"{_FREE}(?:\d[ -]?)?\(\d{{2,5}}\)[ -]?"
        rf"(?:\d{{6,10}}|\d{{2,5}}(?:[ -]\d{{2,4}}){{1,3}}){_EXTENSION}"
    ),
    re.compile(rf"{_FREE}0[1-9]\d{{8,9}}{_EXTENSION}"),
)
_CALL = re.compile(
    r"\b(?:phone|tel|telephone|mobile|cell|whatsapp|fax|call me|reach me|number is)\b"
    r"[^\d\n+<]{0,15}(\d(?:[ ./-]?\d){6,14})(?!\d)",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d")
_CARD_STARTS = ("1800", "2", "3", "4", "5", "6")
_MAESTRO = ("5018", "5020", "5038", "5893", "6304", "6759", "6761", "6762", "6763")
_MAESTRO_DIGITS = 12  # of others it takes 13
_RANDOM = 10  # distinct characters that a word in mixed case rarely has
_PHONE_DIGITS = range(9, 14)  # of a number written with its national trunk 0
_IBAN_DIGITS_MIN, _PHONE_DIGITS_MIN, _IPV4_DOTS = 2, 7, 3
_SECRET_MARKS = (
    *("@", "_", "-----begin", "eyj", "sk-", "xox", "xapp-", "glpat-", "akia", "asia", "aiza"),
    *("pypi-", "sg.", "services/", "bearer", "basic"),
    *("key", "secret", "token", "passw", "passp", "pwd", "pw", "auth"),
)  # one of them is in whatever matches a pattern of keys, credentials or e-mail addresses
_IBAN_DIGITS, _IBAN_GROUP = 8, 4
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


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with placeholders such as `<EMAIL_1>`, and how many distinct values of each kind."""

    text: str
    kinds: Counter[str] = field(default_factory=Counter)


class _Names:
    """Hands out placeholders: the same value of a kind gets the same one."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self.kinds: Counter[str] = Counter()

    def __call__(self, kind: str, value: str) -> str:
        key = (kind, value.casefold())
        if key not in self._names:
            self.kinds[kind] += 1
            self._names[key] = f"<{kind}_{self.kinds[kind]}>"
        return self._names[key]


_Replace = Callable[[re.Match[str]], str]


def redact(text: str) -> Redacted:
    """Replace what identifies a person or opens a door; the same text gives the same result.

    Kinds: CREDENTIALS (in a URL), KEY (tokens, passwords after `key=`), EMAIL, IBAN, CARD, IP and
    PHONE. Numbers that are merely long (orders, amounts, dates) stay. Characters that read like
    ASCII (full-width ones, digits, spaces, dashes) become it, and invisible ones inside of it go,
    lest they hide something. Takes well under 1 ms.
    """
    names = _Names()
    text = _plain(text)
    for pattern, replace in _steps(names, text):
        text = pattern.sub(replace, text)
    return Redacted(text, names.kinds)


def _plain(text: str) -> str:
    return text if text.isascii() else _INVISIBLE.sub("", text.translate(_READ_ALIKE))


def _steps(names: _Names, text: str) -> Iterator[tuple[re.Pattern[str], _Replace]]:
    """The patterns that `text` may match, by what they cannot do without: most texts skip most.

    Wider meanings come first: what a key holds must not be half taken for a phone number.
    """
    bare = text.casefold()
    if any(mark in bare for mark in _SECRET_MARKS):
        yield _PEM, lambda match: names("KEY", match[0])
        yield _CREDENTIALS, lambda match: names("CREDENTIALS", match[0]) + "@"
        yield _JWT, lambda match: names("KEY", match[0])
        yield _KEY, lambda match: names("KEY", match[0])
        yield _SCHEME, lambda match: _secret(match, names)
        yield _ASSIGNED, lambda match: _secret(match, names)
        yield _EMAIL, lambda match: names("EMAIL", match[0])
    digits = len(_digits(text))
    if digits >= _IBAN_DIGITS_MIN:
        yield _IBAN, lambda match: _iban(match[0], names)
    if digits >= _PHONE_DIGITS_MIN:
        yield _CARD, lambda match: _card(match[0], names)
    if text.count(".") >= _IPV4_DOTS:
        yield _IPV4, lambda match: names("IP", match[0])
    if digits and ":" in text:
        yield _IPV6, lambda match: _ipv6(match[0], names)
    if digits >= _PHONE_DIGITS_MIN:
        for pattern in _PHONES:
            yield pattern, lambda match: _phone(match[0], names)
        yield _CALL, lambda match: _group(match, names("PHONE", _digits(match[1])))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _group(match: re.Match[str], replacement: str) -> str:
    start, end = match.start(1) - match.start(), match.end(1) - match.start()
    return match[0][:start] + replacement + match[0][end:]


def _secret(match: re.Match[str], names: _Names) -> str:
    # Plain words follow "password:" as often as passwords do; a secret has digits, or is random.
    value = match[1]
    mixed = value != value.lower() and value != value.upper() and not value.istitle()
    looks_random = any(map(str.isdecimal, value)) or (mixed and len(set(value)) >= _RANDOM)
    return _group(match, names("KEY", value)) if looks_random else match[0]


def _iban(found: str, names: _Names) -> str:
    length = _IBAN_LENGTH.get(found[:2].upper(), 0)
    ends = [end for end, character in enumerate(found, 1) if character.isalnum()]
    if not 0 < length <= len(ends):
        return found
    end = ends[length - 1]
    in_fours = all(len(group) == _IBAN_GROUP for group in _GAPS.split(found[:end])[:-1])
    if not in_fours and len(_digits(found[:end])) < _IBAN_DIGITS:
        return found  # words after a number: one in 97 passes the checksum
    code = "".join(filter(str.isalnum, found[:end])).upper()
    number = "".join(str(int(character, 36)) for character in code[4:] + code[:4])
    if int(number) % 97 != 1 or found[end : end + 1].isalnum():
        return found
    return names("IBAN", code) + found[end:]


def _card(found: str, names: _Names) -> str:
    digits = _digits(found)
    starts = _MAESTRO if len(digits) == _MAESTRO_DIGITS else _CARD_STARTS
    return names("CARD", digits) if digits.startswith(starts) and luhn(digits) else found


def luhn(digits: str) -> bool:
    """Whether a string of digits passes the checksum of ISO/IEC 7812-1, annex B."""
    total = sum(map(int, digits[-1::-2]))
    return (total + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0


def _ipv6(found: str, names: _Names) -> str:
    address = found[:-1] if found.endswith(":") and not found.endswith("::") else found
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return found
    if not any(map(str.isdecimal, address)):  # `a::b` is a name in C++ and Ruby
        return found
    return names("IP", address) + found[len(address) :]


def _phone(found: str, names: _Names) -> str:
    digits = _digits(re.split("[ex]", found, maxsplit=1)[0])  # without the extension
    if len(digits) < _PHONE_DIGITS_MIN:
        return found
    national = not found.startswith("+") and not digits.startswith("00")
    if national and (len(digits) not in _PHONE_DIGITS or _DATE.match(found)):
        return found
    return names("PHONE", digits)
