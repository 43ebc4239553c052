"""Train or test: decided by a text alone, so that no text ever moves; near-duplicates never face.

What is guaranteed: the side of a text depends on its words and on nothing else, so it is the same
in every snapshot, whatever is added, removed or relabelled. A text on the test side is left out
while a near-duplicate stands on the train side: the same words in any order, one word more, less
or other where the longer text has at least five different words, two more or less where both have
at least twenty. The train part never gives a text away, so a model that was trained on an older
snapshot has not seen the newer test part either.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from classifiers.duplicates import key, marks, normal

__all__ = ["facing", "fingerprint", "key", "marks", "newest", "normal", "side"]

Side = Literal["train", "test"]
Marks = npt.NDArray[np.uint64]
TEST_SHARE = 0.2


def fingerprint(text: str) -> int:
    """64 bits that two texts share when they are the same, however cased and spaced."""
    return int.from_bytes(
        hashlib.sha256(normal(text).encode("utf-8", "surrogatepass")).digest()[:8]
    )


def newest(texts: Sequence[int], when: Sequence[float]) -> npt.NDArray[np.bool_]:
    """Which rows are the newest of their text, the last one of equals; texts as fingerprints."""
    marks = np.array(texts, dtype=np.uint64)
    order = np.lexsort((np.arange(len(marks)), np.array(when, dtype=np.float64), marks))
    last = np.ones(len(marks), dtype=bool)
    last[:-1] = marks[order][1:] != marks[order][:-1]
    found = np.zeros(len(marks), dtype=bool)
    found[order[last]] = True
    return found


def side(key: str) -> Side:
    """The side of the text with this key, for ever."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return "test" if int.from_bytes(digest[:8]) < TEST_SHARE * 2**64 else "train"


def facing(
    train: Iterable[Marks], test: Callable[[], Iterable[Marks]], sizes: Sequence[int]
) -> npt.NDArray[np.bool_]:
    """Which texts of `test` have a mark in common with any text of `train`.

    `train` and `test` are the marks of all texts in chunks, one after another, those of `test` read
    twice; `sizes` is how many each text of `test` has.
    """
    if not len(sizes):
        return np.zeros(0, dtype=bool)
    known = np.concatenate(list(test()))
    known.sort()
    hit = np.zeros(len(known), dtype=bool)
    for chunk in train:
        found = np.sort(chunk)
        places = np.searchsorted(known, found).clip(max=len(known) - 1)
        hit[places[known[places] == found]] = True
    shared = known[hit]
    del known, hit
    common = np.concatenate([np.isin(chunk, shared) for chunk in test()])
    starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)[:-1]))
    return np.logical_or.reduceat(common, starts)
