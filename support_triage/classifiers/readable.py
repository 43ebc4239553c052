"""What of a text there is to read: letters and digits, but not the names of emoji."""

import re

_EMOJI = re.compile(r":[a-z0-9_+'-]+:")


def without_emoji(text: str) -> str:
    """A text with a space in place of each emoji's name, such as `:tada:`."""
    return _EMOJI.sub(" ", text)


def has_words(text: str) -> bool:
    """Whether there is anything to read: nobody is asked about, or learns from, other texts."""
    return any(map(str.isalnum, without_emoji(text)))
