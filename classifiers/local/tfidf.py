"""Bag-of-words views: tf-idf centroids and naive Bayes on words and pairs of words."""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias
from unicodedata import category

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifiers.local.calibration import Floats

Counts: TypeAlias = sparse.csr_array

_COLUMNS = 2**18  # collisions mostly affect pairs that occur once
_MARKS = "".join(chr(code) for code in range(0x300, 0x20000) if category(chr(code))[0] == "M")
_WORD = re.compile(rf"\w[\w{_MARKS}\u200c\u200d]*")  # \w stops at vowel signs and points
_SMOOTHING = 0.02  # of naive Bayes


def word_counts(texts: Sequence[str]) -> Counts:
    """Return 1 + log(count) of each word and pair of words in each text.

    The matrix is sparse float64 of shape (len(texts), 2^18). Columns are hashes of words, so there
    is no vocabulary to learn.
    """
    columns: list[int] = []
    values: list[int] = []
    ends = [0]
    for text in texts:
        words = _WORD.findall(text.casefold())
        pairs = [f"{first} {second}" for first, second in pairwise(words)]
        found = Counter(zlib.crc32(term.encode()) % _COLUMNS for term in [*words, *pairs])
        columns += found.keys()
        values += found.values()
        ends.append(len(columns))
    data = 1.0 + np.log(np.array(values, dtype=np.float64))
    places = np.array(columns, dtype=np.int32), np.array(ends, dtype=np.int32)
    return sparse.csr_array((data, *places), shape=(len(texts), _COLUMNS))


def _rows(matrix: Counts) -> npt.NDArray[np.int64]:
    """Return the row of each stored number."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _unit(matrix: Counts) -> Counts:
    """Scale rows to unit length."""
    rows = _rows(matrix)
    lengths = np.sqrt(np.bincount(rows, matrix.data**2, minlength=matrix.shape[0]))
    return _with(matrix, matrix.data / lengths[rows])


def _with(matrix: Counts, data: Floats) -> Counts:
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


@dataclass(frozen=True, slots=True)
class Words:
    """Word statistics of labels; `rarity` (columns,) is the inverse document frequency.

    `rarity` is 0 for unseen words. `centroids` and `odds` have shape (columns, labels). `rest`
    (labels,) is the log-probability of a word that was not seen with the label.
    """

    rarity: Floats
    centroids: Counts
    odds: Counts
    rest: Floats

    def likeness(self, counts: Counts) -> Floats:
        """Return the cosines of texts to label centroids, shape (texts, labels): Rocchio (1971)."""
        found: Floats = (_weighed(counts, self.rarity) @ self.centroids).toarray()
        return found

    def knows(self, counts: Counts) -> npt.NDArray[np.bool_]:
        """Return True for each text that has a known word or pair of words, shape (texts,)."""
        seen = np.append(0, np.cumsum(self.rarity[counts.indices] > 0))[counts.indptr]
        found: npt.NDArray[np.bool_] = np.diff(seen) > 0
        return found

    def likelihood(self, counts: Counts) -> Floats:
        """Return log-likelihoods of multinomial naive Bayes on tf-idf, shape (texts, labels).

        After Rennie et al., "Tackling the Poor Assumptions of Naive Bayes" (2003).
        """
        weighed = _weighed(counts, self.rarity)
        found: Floats = (weighed @ self.odds).toarray()
        found += weighed.sum(axis=1)[:, None] * self.rest
        return found


def _weighed(counts: Counts, rarity: Floats) -> Counts:
    """Return the tf-idf of known words, with rows of unit length."""
    weights = rarity[counts.indices]
    known = weights > 0
    ends = np.append(0, np.cumsum(known))[counts.indptr]
    found = (counts.data * weights)[known], counts.indices[known], ends
    return _unit(sparse.csr_array(found, shape=counts.shape))


def fit_words(counts: Counts, columns: npt.NDArray[np.int64], weights: Floats) -> Words:
    """Return the statistics of counts (n, 2^18), with label columns (n,) and weights (n,)."""
    size = len(columns)
    seen = np.bincount(counts.indices, minlength=_COLUMNS)
    rarity = np.where(seen > 0, np.log((1 + size) / (1 + seen)) + 1.0, 0.0)
    membership = sparse.csr_array((weights, (columns, np.arange(size))))
    totals = (membership @ _weighed(counts, rarity)).tocsr()
    room = _SMOOTHING * max(1, int(np.count_nonzero(seen)))
    return Words(
        rarity,
        _unit(totals).T.tocsr(),
        _with(totals, np.log1p(totals.data / _SMOOTHING)).T.tocsr(),
        np.log(_SMOOTHING / (totals.sum(axis=1) + room)),
    )
