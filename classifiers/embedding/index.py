"""Labelled examples with their vectors, in memory: one example more costs one embedding."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.base import Embedder, Example, Neighbour, Vectors
from classifiers.text import has_words


@dataclass(frozen=True, slots=True)
class IndexState:
    """All examples at one moment; `vectors` has shape (len(examples), dimensions).

    `number` is another one after each change.
    """

    number: int
    examples: tuple[Example, ...]
    vectors: Vectors

    def nearest(self, vectors: Vectors, k: int) -> list[list[Neighbour]]:
        """The `k` most similar examples of each vector by cosine, most similar first."""
        if not self.examples:
            return [[] for _ in vectors]
        similar = vectors @ self.vectors.T
        return [self._best(row, k) for row in similar]

    def _best(self, row: Vectors, k: int) -> list[Neighbour]:
        count = min(k, len(row))
        places = np.argpartition(-row, count - 1)[:count]
        ordered = sorted(places.tolist(), key=lambda place: (-row[place], place))
        return [
            Neighbour(found.text, found.label, float(row[one]), found.id)
            for one, found in ((one, self.examples[one]) for one in ordered)
        ]


class EmbeddedIndex:
    """Examples by id with their unit vectors; safe to use from several threads.

    It begins with those of `known`, embedded elsewhere by the same embedder.
    """

    def __init__(self, embedder: Embedder, known: IndexState | None = None) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        rows = () if known is None else zip(known.examples, known.vectors, strict=True)
        self._kept: dict[str, tuple[Example, Vectors]] = {one.id: (one, row) for one, row in rows}
        self._changes = 0
        self._snapshot: IndexState | None = None

    def put(self, examples: Sequence[Example]) -> None:
        """Add or replace examples by id; what is there already costs nothing.

        An example without words is left out: it would speak for every text without any.
        """
        wordless = [one.id for one in examples if not has_words(one.text)]
        self.remove(wordless)
        left_out = set(wordless)
        new = [one for one in examples if one.id not in left_out and self._known(one.id) != one]
        if not new:
            return
        vectors = self._embedder.embed([one.text for one in new])
        with self._lock:
            for one, vector in zip(new, vectors, strict=True):
                self._kept[one.id] = (one, vector)
            self._changed()

    def _known(self, identity: str) -> Example | None:
        found = self._kept.get(identity)
        return None if found is None else found[0]

    def remove(self, ids: Sequence[str]) -> None:
        """Drop the examples of these ids; unknown ids are ignored."""
        with self._lock:
            gone = [self._kept.pop(identity, None) for identity in ids]
            if any(gone):
                self._changed()

    def _changed(self) -> None:
        self._changes += 1
        self._snapshot = None

    def snapshot(self) -> IndexState:
        """All examples as they are now; a later change makes a new snapshot."""
        with self._lock:
            if self._snapshot is None:
                rows = list(self._kept.values())
                found = [vector for _, vector in rows]
                vectors = np.stack(found) if found else np.zeros((0, 1), dtype=np.float32)
                for (one, _), vector in zip(rows, vectors, strict=True):
                    self._kept[one.id] = (one, vector)  # a view: each vector is there once
                self._snapshot = IndexState(self._changes, tuple(one for one, _ in rows), vectors)
            return self._snapshot

    def nearest(self, texts: Sequence[str], k: int) -> list[list[Neighbour]]:
        """The `k` most similar examples of each text, most similar first."""
        return self.snapshot().nearest(self._embedder.embed(texts), k)
