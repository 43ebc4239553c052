"""Near-duplicates: texts with almost the same words, which count as evidence once."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

# Distinct words: below _FEW, all must be the same; from _MANY on, two may differ; else one.
_FEW, _MANY = 5, 20
_64_BITS = 1 << 64
_WORD = re.compile(r"[\u2e80-\u9fff]|[^\W\u2e80-\u9fff]+")  # a Chinese or Japanese sign is a word
_DIGITS = re.compile(r"\d+")


def normal(text: str) -> str:
    """Return the text with letter case and spacing normalized."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def key(text: str) -> str:
    """Return the words of a text with numbers as 0, or the normal text if it has no words."""
    plain = normal(text)
    return _DIGITS.sub("0", " ".join(_WORD.findall(plain))) or plain


def marks(key: str) -> list[int]:
    """Return 64-bit marks of a text, given its key; near-duplicates share a mark, others rarely.

    Marks are hashes of the set of words and of that set without each of its words, after the
    deletion neighbourhoods of Bocek, Hunt and Stiller (2007). The words of a long text are dealt
    into four groups by hash, and each pair of groups makes a mark, because two changed words touch
    at most two groups.
    """
    words = [_hash(word) for word in set(key.split(" "))]
    whole = sum(words)
    found = [whole]
    if _FEW <= len(words) <= _MANY:
        found += [whole - word for word in words]
    if len(words) >= _MANY:
        groups = [sum(word for word in words if word % 4 == group) for group in range(4)]
        found += [
            3 * one + 5 * two + place
            for place, (one, two) in enumerate(combinations(groups, 2), start=1)
        ]
    return [mark % _64_BITS for mark in found]


@lru_cache(maxsize=50_000)
def _hash(word: str) -> int:
    digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8])


def groups(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the group number of each text, shape (n,).

    Near-duplicates share a group, even if only a chain of other texts links them.
    """
    parent = list(range(len(texts)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[int, int] = {}
    for place, text in enumerate(texts):
        for mark in marks(key(text)):
            parent[root(place)] = root(first.setdefault(mark, place))
    return np.array([root(place) for place in range(len(texts))], dtype=np.int64)
