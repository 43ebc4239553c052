"""Find e-mail addresses, IP addresses and telephone numbers by their form."""

import ipaddress
import re
from collections.abc import Iterator

from classifiers.redaction.finding import Find, counts_something_else, digits_of
from classifiers.redaction.view import View

# Scripts with spaces between words; letters of other scripts may touch an address or a number.
_LETTERS = r"A-Za-z0-9\u00b5-\u02ff\u0370-\u058f"
_LOCAL = rf"[{_LETTERS}_.+%'&*~`!#$^-]"
_LABEL = rf"[{_LETTERS}_*~`-]"
_HOST = re.compile(rf"{_LABEL}++(?:[.\u3002]{_LABEL}++)++|<[^<>\s]{{1,256}}>")
_LOCAL_BACKWARDS = re.compile(rf"\"[^\"\s@]{{1,64}}\"|{_LOCAL}++")
_LOCAL_CHARS = 320
_FOREIGN_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}+(?:[.\u3002][\w-]{1,63}+){1,4}"
)
_BRACKET = re.compile(r"[\[({<] ?[a@c\u0430\u0441]", re.IGNORECASE)
_AT = r"(?:at|@|arroba|chiocciola|\u0430\u0442|собака)"
_DOT = r"(?:dot|punkt|punto|point|ponto|\.)"
_SPELLED = re.compile(
    rf"(?<![\w.+-])[\w.+-]{{1,64}}+ ?[\[({{<] ?{_AT} ?[\])}}>] ?[\w-]{{1,63}}+"
    rf"(?:(?:\.| ?[\[({{<] ?{_DOT} ?[\])}}>] ?| {_DOT} )[\w-]{{1,63}}+){{1,4}}",
    re.IGNORECASE,
)
_MARKUP = "*_~`"
_TOP_LEVEL = re.compile(r"[^\W\d_]{2,63}|xn--[a-z0-9-]{2,59}", re.IGNORECASE)
_FILES = {"png", "jpg", "jpeg", "gif", "svg", "webp"}  # icon@2x.png
_IPV4 = re.compile(r"\d{1,3}+\.\d{1,3}+\.\d{1,3}+\.\d{1,3}+(?!\.?\d)")
_IPV4_DOTS, _OCTET_MAX = 3, 255
_IN_NUMBER = tuple("0123456789.")
_VERSION = re.compile(
    r"(?:\b(?:v|ver|version|versión|versione|versão|wersja|версия|sürüm|release|build|firmware"
    r"|section|chapter|kapitel|abschnitt)[.:]?\s?|(?:版本|バージョン|버전)\D{0,3}"
    r"|(?:^|[\s(;,\"'])[A-Z][A-Za-z]{1,30}/)\Z",
    re.IGNORECASE,
)
_VERSION_CHARS = 36
_IPV6 = re.compile(
    r"(?:(?<![A-Za-z0-9_:])|(?<=ip:)|(?<=v6:))[\da-f:]{3,39}(?![A-Za-z0-9_:])",
    re.IGNORECASE | re.ASCII,
)
_GAP = r"[ \t.\-/\u00b7\u30fc]"
_PHONE_GAP = r"[ \t().\-/\u00b7\u30fc]{0,3}"
_RUN = re.compile(r"[+(\d][\d \t().\-/+\u00b7\u30fc]{6,}+")  # may contain a telephone number
_EXTENSION_CHARS = 12
_FREE = (
    rf"(?<![{_LETTERS}\u0600-\u06ff_.,])(?<!\d:)(?<![A-Za-z]-)"  # not an amount, a time, INV-0123
)
_EXTENSION = r"(?:,? ?(?:x|ext\.?) ?\d{1,6})?(?!\d)"
_PHONES = (
    re.compile(rf"(?<![{_LETTERS}_+])\+(?:{_PHONE_GAP}\d){{7,15}}{_EXTENSION}"),
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
_DATE = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|(?:19|20)\d\d([./-]?)(?:0[1-9]|1[0-2])\1[0-3]\d"
)
_PHONE_DIGITS_MIN = 7
_PHONE_DIGITS = range(9, 14)  # number of digits, with the national prefix 0


def emails(view: View) -> Iterator[Find]:
    """Find e-mail addresses, also with mark-up, in links, in other scripts, or spelled out."""
    if "@" in view.text:
        yield from _emails(view)
        for match in () if view.text.isascii() else _FOREIGN_EMAIL.finditer(view.text):
            yield from _email(match.start(), *match[0].split("@"))
    if _BRACKET.search(view.text):
        for match in _SPELLED.finditer(view.text):
            yield Find(match.start(), match.end(), "EMAIL", match[0])


def _emails(view: View) -> Iterator[Find]:
    place = view.text.find("@")
    while place >= 0:
        host = _HOST.match(view.text, place + 1)
        before = view.text[max(0, place - _LOCAL_CHARS) : place][::-1] if host else ""
        local = _LOCAL_BACKWARDS.match(before)
        if host and local:
            name = local[0][::-1]
            if name != "git" or not view.text.startswith(
                ":", host.end()
            ):  # git@host: is no address
                yield from _email(place - len(name), name, host[0])
        place = view.text.find("@", place + 1)


def _email(first: int, local: str, host: str) -> Iterator[Find]:
    start = first + len(local) - len(local.lstrip(_MARKUP + "'"))
    end = first + len(local) + 1 + len(host)
    if host.startswith("<"):  # Slack turns the host into a link
        host = host[1:-1].rpartition("|")[2].removeprefix("http://").removeprefix("https://")
    else:
        host = _host(host)
        end = first + len(local) + 1 + len(host)
    labels = re.split("[.\u3002]", re.sub("[*~`]", "", host).strip("_-"))
    if len(labels) > 1 and _TOP_LEVEL.fullmatch(labels[-1]) and labels[-1].lower() not in _FILES:
        value = f"{local}@{'.'.join(labels)}"
        yield Find(start, end, "EMAIL", re.sub("[*~`]", "", value).strip("_'"))


def _host(host: str) -> str:
    """Return a host up to its last label that can be a top-level domain, or ""."""
    labels = re.findall("[^.\u3002]+[.\u3002]?", host)
    while labels and not _TOP_LEVEL.fullmatch(labels[-1].strip(_MARKUP + "-.\u3002")):
        labels.pop()
    return "".join(labels).rstrip(_MARKUP + "-.\u3002")


def addresses(view: View) -> Iterator[Find]:
    """Find IPv4 and IPv6 addresses, but not version numbers of programs."""
    if view.text.count(".") >= _IPV4_DOTS:
        for match in _IPV4.finditer(view.text):
            before = view.text[max(0, match.start() - _VERSION_CHARS) : match.start()]
            parts = match[0].split(".")
            octets = all(
                int(part) <= _OCTET_MAX and len(part) == len(str(int(part))) for part in parts
            )
            if octets and before[-1:] not in _IN_NUMBER and not _VERSION.search(before):
                yield Find(match.start(), match.end(), "IP", match[0])
    if view.digits and ":" in view.text:
        for match in _IPV6.finditer(view.text):
            yield from _ipv6(match)


def _ipv6(match: re.Match[str]) -> Iterator[Find]:
    found = match[0]
    address = found[:-1] if found.endswith(":") and not found.endswith("::") else found
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return
    if any(map(str.isdecimal, address)):  # `a::b` may be a name in C++ or Ruby
        yield Find(match.start(), match.start() + len(address), "IP", address)


def phones(view: View) -> Iterator[Find]:
    """Find telephone numbers by their form."""
    if view.digits < _PHONE_DIGITS_MIN:
        return
    for run in _RUN.finditer(view.text):
        if len(digits_of(run[0])) >= _PHONE_DIGITS_MIN:
            yield from _phones(view, run)


def _phones(view: View, run: re.Match[str]) -> Iterator[Find]:
    for pattern in _PHONES:
        for match in pattern.finditer(view.text, run.start(), run.end() + _EXTENSION_CHARS):
            digits = digits_of(re.split("[ex]", match[0], maxsplit=1)[0])  # without the extension
            if _is_phone(view, match, digits):
                yield Find(match.start(), match.end(), "PHONE", digits)


def _is_phone(view: View, match: re.Match[str], digits: str) -> bool:
    if len(digits) < _PHONE_DIGITS_MIN:
        return False
    if match[0].startswith("+"):
        return True
    is_number = digits.startswith("00") or (len(digits) in _PHONE_DIGITS and not is_date(match[0]))
    return is_number and not counts_something_else(view, match.start())


def is_date(text: str) -> bool:
    """Return True if a text begins with a date."""
    return _DATE.match(text) is not None
