"""Find secrets by their form: private keys, tokens, credentials in links and commands."""

import re
from collections.abc import Iterator

from classifiers.redaction.finding import Find
from classifiers.redaction.formats import TOKENS
from classifiers.redaction.view import View

_ARMOUR = re.compile(
    r"(?P<begin>-{1,6} ?BEGIN [^\n-]{0,60}PRIVATE[ -]KEY(?: BLOCK)? ?-{1,6})"
    r"|(?P<end>-{1,6} ?END [^\n-]{0,60}KEY(?: BLOCK)? ?-{1,6})"
    r"|(?P<putty>PuTTY-User-Key-File-\d:)|(?P<mac>Private-MAC: ?[0-9a-f]{8,128})",
    re.IGNORECASE,
)
_SPACE = r"(?:\s|\\+[nrt]|[>|\"'])"
_CUT_OFF = re.compile(
    rf"{_SPACE}*+(?:[A-Z][A-Za-z-]{{1,30}}: [^\n\\]{{0,200}}{_SPACE}*+)*+"
    rf"(?:[A-Za-z0-9+/=]{{16,}}+{_SPACE}*+)*+(?:(?=[A-Za-z]{{0,14}}(?:[\d+/=]|(?<=[a-z])[A-Z]|(?<=[A-Z][A-Z])[a-z]))[A-Za-z0-9+/=]{{2,15}}+)?"
)  # headers, lines of base64, and a last line that is not a word
_CREDENTIALS = re.compile(
    r"(?<=://)(?:[^\s/<>?#]{1,256}(?=@)"
    r"|[^\s/<>?#@:]{1,64}:(?!\d{1,5}[/?#])[^\s<>@]{1,128}(?=@[\w.-]+))"
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)*+", re.ASCII)
_TOKEN = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(TOKENS)})", re.ASCII)
_SCHEME = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:bearer|basic|digest|negotiate)\s{1,4}|authorization:\s{0,4}(?:token|key)\s{1,4})"
    r"([\w.~+/=-]{12,}+)",
    re.IGNORECASE,
)
_ON_COMMAND_LINE = re.compile(
    r"(?:(?<!\S)-u[ =]?|--user[ =])[\"']?([^\s\"':]{1,64}:[^\s\"']{3,128})"
    r"|(?<![A-Za-z0-9])(?:mysql|mysqldump|mariadb|sshpass)\b[^\n]{0,80}?\s-p([^\s\"']{4,128})"
    r"|(?<![A-Za-z0-9])redis-cli\b[^\n]{0,80}?\s-a[ ]([^\s\"']{4,128})"
    r"|--?(?:(?:[a-z]{1,16}[-_])?(?:password|passwd|token|secret)|api-?key|auth"
    r"|(?:account|access|auth|master|primary|secondary)[-_]key)[ =][\"']?([^\s\"'-][^\s\"']{5,})",
    re.IGNORECASE,
)
_IN_LINK = re.compile(
    r"[?&#;](?:sig|signature|session(?:_?id)?|sid|code|otp|ticket|jwt|hash|invite|reset|state|"
    r"x-amz-(?:signature|credential)|x-goog-signature|phpsessid|jsessionid)=([^\s&#\"'<>|]{8,}+)"
    r"|(?<![A-Za-z0-9])\w{0,16}(?:session|sess|sid)\w{0,5}=([^\s&#\"'<>|;]{16,}+)"
    r"|/[\w-]{0,32}(?:reset|verify|verification|confirm|invite|invitation|magic|activate|unsubscribe|"
    r"signin|login)[\w-]{0,32}/([\w.~=-]{16,}+)",
    re.IGNORECASE | re.ASCII,
)
_NAMES = (
    r"(?<!tur)(?<!mon)(?<!don)(?<!hoc)(?<!joc)(?<!whis)key|secret|token|passwd|password|passphrase"
    r"|passcode|pwd|pw|(?<=_)pass|auth|credentials?|cookie|sessionid|session_id"
)
_OPENED = r"(?:[$br]{0,2}[\"'`])?(?:<(?![@#!]))?"  # a quote, or angle brackets, but no mention
_ASSIGNED = re.compile(
    rf"({_NAMES})(?:[\"'\]`*]{{0,3}}\s{{0,4}}(?:={{1,3}}>?|:=|->|\u2192)\s{{0,4}}{_OPENED}([^\s\"'<>,;&`]{{6,}}+)"
    rf"|[\"'\]`*]{{0,3}}\s{{0,4}}(?::|is\s)[*`\s]{{0,4}}{_OPENED}([^\s\"'<>`]{{6,}}+)|>([^\s<>]{{6,}}+)<"
    rf"|\s{{1,3}}[\"'`*]?([\w+/=-]{{20,}}+))",
    re.IGNORECASE,
)
_LONG = re.compile(r"[A-Za-z0-9_~$][A-Za-z0-9_./+~$=:@-]{11,}+")  # may contain a token
_MARKS = (
    *("key", "secret", "token", "passw", "passp", "passc", "_pass", "pwd", "pw", "auth"),
    *("credential", "cookie", "sessionid"),
)
_SCHEMES = ("bearer", "basic", "digest", "negotiate", "authorization")
_NAMED = (
    (_SCHEME, _SCHEMES),
    (_ON_COMMAND_LINE, ("-u", "--", "-p", "redis-cli")),
    (_IN_LINK, ("/", "=")),
)
_RANDOM = 10  # distinct characters, which a word in mixed case rarely has
_NOT_SECRET = re.compile(
    r"[A-Z]{2,10}-\d{1,7}|v?\d+(?:\.\d+){1,3}|\d{4}-\d\d-\d\d.*|\d{1,2}[:./]\d\d.*|https?://.*"
)
_PATH = re.compile(r"~?(?:/[a-z0-9_.-]+){2,}/?")
_ENDS = ".,;:)]}"
_NAME_CHARS = 128  # longer values are searched only once, so that any text takes linear time


def private_keys(view: View) -> Iterator[Find]:
    """Find private keys in PEM and PuTTY armour, also if cut off, in one pass over the text."""
    if "private" not in view.low:
        return
    begun: re.Match[str] | None = None
    for match in _ARMOUR.finditer(view.text):
        opens = match["begin"] or match["putty"]
        if begun is not None:
            end = _cut_off(view.text, begun) if opens else match.end()
            yield Find(begun.start(), end, "KEY", view.text[begun.start() : end])
        begun = match if opens else None
    if begun is not None:
        end = _cut_off(view.text, begun)
        yield Find(begun.start(), end, "KEY", view.text[begun.start() : end])


def _cut_off(text: str, begun: re.Match[str]) -> int:
    body = _CUT_OFF.match(text, begun.end())
    return begun.end() + len(body[0].rstrip()) if body else begun.end()


def credentials(view: View) -> Iterator[Find]:
    """Find the user name and password in a URL."""
    if "://" in view.text:
        for match in _CREDENTIALS.finditer(view.text):
            yield Find(match.start(), match.end(), "CREDENTIALS", match[0])


def tokens(view: View) -> Iterator[Find]:
    """Find tokens by the prefixes and lengths of their makers."""
    for run in _LONG.finditer(view.text):
        for pattern in (_JWT, _TOKEN):
            for match in pattern.finditer(view.text, run.start(), run.end()):
                if any(map(str.isdecimal, match[0])) or match[0] != match[0].lower():
                    yield Find(match.start(), match.end(), "KEY", match[0])


def assigned(view: View) -> Iterator[Find]:
    """Find values that a header, a command, a link or a setting names as a secret."""
    if any(mark in view.low for mark in _MARKS):
        yield from _assigned(view)
    for pattern, marks in _NAMED:
        if not any(mark in view.low for mark in marks):
            continue
        for match in pattern.finditer(view.text):
            group = match.lastindex or 0
            if looks_secret(match[group]):
                yield Find(match.start(group), match.end(group), "KEY", match[group])


def _assigned(view: View) -> Iterator[Find]:
    place = 0
    while match := _ASSIGNED.search(view.text, place):
        group = match.lastindex or 0
        value = match[group].rstrip(_ENDS)
        named = match[1].lower()
        plain = _PATH.fullmatch(value) or (
            not named.startswith(("pa", "pw")) and _NOT_SECRET.fullmatch(value)
        )
        place = match.end()
        if looks_secret(value) and not plain and not value.startswith(("http://", "https://")):
            yield Find(match.start(group), match.start(group) + len(value), "KEY", value)
        elif (
            match.end() - match.end(1) <= _NAME_CHARS
        ):  # the value may be a pair of name and value itself
            place = match.end(1)


def has_mixed_case(value: str) -> bool:
    """Return True if a value has capitals in places that are unusual for words."""
    return value not in {value.lower(), value.upper(), value.title()}


def looks_secret(value: str) -> bool:
    """Return True if a value has digits or looks random; "password:" may precede plain words."""
    digits = any(map(str.isdecimal, value))
    return digits or (has_mixed_case(value) and len(set(value)) >= _RANDOM)
