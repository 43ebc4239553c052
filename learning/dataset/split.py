"""Splits texts into train and test by their words alone, without near-duplicates across.

Guarantees: the side of a text depends only on its words, so it is the same in every snapshot,
whatever is added, removed or relabelled. A text of the test side is left out while the train side
has a near-duplicate: the same words in any order; one word added, removed or replaced, if the
longer text has at least five different words; two words added or removed, if both texts have at
least twenty. The train side never loses a text to the test side, so a model trained on an older
snapshot has not seen the test part of a newer one.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from classifiers.duplicates import key, marks, normal

__all__ = ["fingerprint", "key", "marks", "near_duplicates", "newest", "normal", "side"]

Side = Literal["train", "test"]
Marks = npt.NDArray[np.uint64]
TEST_SHARE = 0.2


def fingerprint(text: str) -> int:
    """Return a 64-bit hash of a text; case and spacing do not matter."""
    return int.from_bytes(
        hashlib.sha256(normal(text).encode("utf-8", "surrogatepass")).digest()[:8]
    )


def newest(texts: Sequence[int], when: Sequence[float]) -> npt.NDArray[np.bool_]:
    """Return True for each row that is the newest of its text; of equal times, the last row.

    `texts` are fingerprints, `when` Unix seconds; the result has shape (rows,).
    """
    marks = np.array(texts, dtype=np.uint64)
    order = np.lexsort((np.arange(len(marks)), np.array(when, dtype=np.float64), marks))
    last = np.ones(len(marks), dtype=bool)
    last[:-1] = marks[order][1:] != marks[order][:-1]
    found = np.zeros(len(marks), dtype=bool)
    found[order[last]] = True
    return found


def side(key: str) -> Side:
    """Return the side of the text with this key; it never changes."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return "test" if int.from_bytes(digest[:8]) < TEST_SHARE * 2**64 else "train"


def near_duplicates(
    train: Iterable[Marks], test: Callable[[], Iterable[Marks]], sizes: Sequence[int]
) -> npt.NDArray[np.bool_]:
    """Return True for each text of `test` that shares a mark with any text of `train`.

    `train` and `test` yield the marks of all texts in chunks; those of `test` are read twice.
    `sizes` has the number of marks of each text of `test`. The result has shape (test texts,).
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
