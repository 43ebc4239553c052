"""Clean text from outside: make it valid Unicode, remove control characters, limit its length."""

import json
import re
import unicodedata
from typing import Any

KEPT_CHARS = 4_000
"""The number of characters of a message that are stored, classified and shown."""

# C0 and C1 controls except tab, newline and carriage return. They are invisible, and a terminal, a
# spreadsheet or a database may execute them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_WORD_END = 80  # characters by which a cut may move to fall between words


def well_formed(text: str) -> str:
    """Return the text as valid Unicode: surrogate pairs are joined, lone ones become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def all_well_formed(value: Any) -> Any:
    """Return a JSON value with all its texts well-formed, including keys.

    Raise ValueError if it is nested too deeply for Python's JSON parser.
    """
    try:
        content = json.dumps(value, ensure_ascii=False)
        mended = well_formed(content)
        return value if mended is content else json.loads(mended)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def legible(text: str) -> str:
    """Return the text well-formed and without control characters, except tabs and line ends."""
    return _CONTROLS.sub("", well_formed(text))


def shortened(text: str, limit: int, mark: str = " … ") -> str:
    """Return at most `limit` characters: three quarters from the start, the rest from the end.

    `mark` replaces the middle. The cuts fall between words if a word ends nearby.
    """
    if len(text) <= limit:
        return text
    tail = limit // 4
    start, end = text[: limit - tail - len(mark)], text[-tail:]
    return f"{_to_last_space(start)}{mark}{_to_last_space(end[::-1])[::-1]}"


def kept(text: str) -> str:
    """Return a message as it is stored: cut to KEPT_CHARS, with a mark at the cut."""
    return shortened(text, KEPT_CHARS, f"\n[… cut: {len(text):,} characters …]\n")


def _to_last_space(text: str) -> str:
    at = max(map(text.rfind, " \n\t"))
    return text[:at] if at > len(text) - _WORD_END else text


# Custom names may be of any script. Such a name counts as an emoji only between spaces, because
# colons also separate words in Chinese or Thai.
_EMOJI = re.compile(r":[a-z0-9_+'-]+:|(?<!\w):[^\s:;,.!?()\[\]{}<>\"@#/\\|*~`^$%&=]+:(?!\w)")
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*_\d+>")  # as `redact` writes it
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3|\u2139\ufe0f?")
_INVISIBLE = "\u115f\u1160\u3164\uffa0"  # Unicode calls these fillers letters
_AROUND = "()[]{}<>.,;:!?\"'*_~`|-\u2013\u2014\u2026"
# Scripts without spaces between words: an address ends where they begin.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_WORDLESS = re.compile(
    rf"""
    (?:[a-z][a-z0-9+.-]*://|www\.|mailto:|tel:)[^\s{_DENSE}]+   # an address
    | [@\#](?:[^\W{_DENSE}]|[.'-])+                             # a mention
    | [^\s@]+@[^\s@{_DENSE}]+                                   # an e-mail address
    | (?:[^\W{_DENSE}]|[.-])+\.[a-z][a-z0-9]{{1,4}}(?:/[^\s{_DENSE}]*)?  # image.png, example.com/x
    """,
    re.VERBOSE | re.IGNORECASE,
)


def without_emoji(text: str) -> str:
    """Return a text with spaces in place of emoji names such as `:tada:`."""
    return _EMOJI.sub(" ", text)


def has_words(text: str) -> bool:
    """Return True if the text has a word to classify it by.

    Emoji, mentions, addresses, file names and invisible characters do not count as words.
    """
    plain = _KEYCAP.sub(" ", _PLACEHOLDER.sub(" ", without_emoji(text)))
    return any(map(_says, plain.split()))


def _says(token: str) -> bool:
    bare = "".join(filter(_seen, token)).strip(_AROUND)
    return any(map(str.isalnum, bare)) and _WORDLESS.fullmatch(bare) is None


def _seen(character: str) -> bool:
    return character not in _INVISIBLE and unicodedata.category(character) != "Cf"
