"""An estimate of how many tokens a model counts in a text."""

from typing import Final

_ASCII_PER_TOKEN: Final = 4  # of English text; tokenizers of different makers differ by a fifth


def text_tokens(text: str) -> int:
    """Return the estimated tokens of a text, rather too many than too few.

    Four ASCII characters make one token, and any other character makes one alone: byte-pair
    encodings split scripts that they rarely saw into one to three tokens a character.
    """
    ascii_characters = sum(map(str.isascii, text))
    return -(-ascii_characters // _ASCII_PER_TOKEN) + len(text) - ascii_characters
