"""The words in a text: nobody is asked about a text without any, and nothing learns from it."""

import re
import unicodedata

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
