"""Text from outside, made fit to keep: well-formed, without control characters, not too long."""

import json
import re
import unicodedata
from typing import Any

KEPT_CHARS = 4_000
"""Characters of a message that are kept and read; classifiers and cards read no more."""

# C0 and C1 controls but tab, newline and carriage return: nobody sees them, and a terminal, a
# spreadsheet or a database may take them for commands.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_WORD_END = 80  # how far a cut moves so that it falls between words


def well_formed(text: str) -> str:
    """Return the text as valid Unicode: halves of an emoji joined, a lone half as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def all_well_formed(value: Any) -> Any:
    """Return a JSON value with every text in it well-formed, keys included.

    ValueError where it is nested more deeply than Python reads.
    """
    try:
        content = json.dumps(value, ensure_ascii=False)
        mended = well_formed(content)
        return value if mended is content else json.loads(mended)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def legible(text: str) -> str:
    """Return the text well-formed and without control characters; tabs and line ends stay."""
    return _CONTROLS.sub("", well_formed(text))


def shortened(text: str, limit: int, mark: str = " … ") -> str:
    """Return at most `limit` characters: three quarters from the start, the rest from the end.

    `mark` stands where something is left out, between words where a word ends nearby.
    """
    if len(text) <= limit:
        return text
    tail = limit // 4
    start, end = text[: limit - tail - len(mark)], text[-tail:]
    return f"{_to_last_space(start)}{mark}{_to_last_space(end[::-1])[::-1]}"


def kept(text: str) -> str:
    """Return what is kept of a message: all of it, or KEPT_CHARS with the cut marked."""
    return shortened(text, KEPT_CHARS, f"\n[… cut: {len(text):,} characters …]\n")


def _to_last_space(text: str) -> str:
    at = max(map(text.rfind, " \n\t"))
    return text[:at] if at > len(text) - _WORD_END else text


# Custom names may be of any script; such a name is taken for an emoji only where it stands alone,
# as colons part words in Chinese or Thai too.
_EMOJI = re.compile(r":[a-z0-9_+'-]+:|(?<!\w):[^\s:;,.!?()\[\]{}<>\"@#/\\|*~`^$%&=]+:(?!\w)")
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*_\d+>")  # what redaction leaves
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3|\u2139\ufe0f?")
_INVISIBLE = "\u115f\u1160\u3164\uffa0"  # letters by their category, though nobody sees them
_AROUND = "()[]{}<>.,;:!?\"'*_~`|-\u2013\u2014\u2026"
# Scripts that do not part words by spaces: an address ends where they begin.
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
    """Return a text with a space in place of each emoji's name, such as `:tada:`."""
    return _EMOJI.sub(" ", text)


def has_words(text: str) -> bool:
    """Return whether there is anything to read.

    Emoji, mentions, addresses, names of files and characters that nobody sees are no words.
    """
    plain = _KEYCAP.sub(" ", _PLACEHOLDER.sub(" ", without_emoji(text)))
    return any(map(_says, plain.split()))


def _says(token: str) -> bool:
    bare = "".join(filter(_seen, token)).strip(_AROUND)
    return any(map(str.isalnum, bare)) and _WORDLESS.fullmatch(bare) is None


def _seen(character: str) -> bool:
    return character not in _INVISIBLE and unicodedata.category(character) != "Cf"
