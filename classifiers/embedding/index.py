"""An in-memory index of labelled examples; adding an example costs one embedding."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.base import Embedder, Example, Neighbour, Vectors
from classifiers.text import has_words


@dataclass(frozen=True, slots=True)
class IndexState:
    """A snapshot of all examples; `vectors` has shape (len(examples), dimensions).

    `number` changes with each change of the index.
    """

    number: int
    examples: tuple[Example, ...]
    vectors: Vectors

    def nearest(self, vectors: Vectors, k: int) -> list[list[Neighbour]]:
        """Return the `k` most similar examples of each vector by cosine, most similar first."""
        if not self.examples:
            return [[] for _ in vectors]
        similar = vectors @ self.vectors.T
        return [self._best(row, k) for row in similar]

    def _best(self, row: Vectors, k: int) -> list[Neighbour]:
        count = min(k, len(row))
        places = np.argpartition(-row, count - 1)[:count]
        ordered = sorted(places.tolist(), key=lambda place: (-row[place], place))
        return [
            Neighbour(example.text, example.label, float(row[place]), example.id)
            for place, example in ((place, self.examples[place]) for place in ordered)
        ]


class EmbeddedIndex:
    """Examples by id with their unit vectors; safe to use from several threads.

    It starts with the examples of `known`, which the same embedder has embedded.
    """

    def __init__(self, embedder: Embedder, known: IndexState | None = None) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        rows = () if known is None else zip(known.examples, known.vectors, strict=True)
        self._kept: dict[str, tuple[Example, Vectors]] = {
            example.id: (example, vector) for example, vector in rows
        }
        self._changes = 0
        self._snapshot: IndexState | None = None

    def put(self, examples: Sequence[Example]) -> None:
        """Add or replace examples by id; unchanged examples are not embedded again.

        Leave out examples without words: they would match every text without words.
        """
        wordless = {example.id for example in examples if not has_words(example.text)}
        self.remove([*wordless])
        new = [
            example
            for example in examples
            if example.id not in wordless and self._known(example.id) != example
        ]
        if not new:
            return
        vectors = self._embedder.embed([example.text for example in new])
        with self._lock:
            for example, vector in zip(new, vectors, strict=True):
                self._kept[example.id] = (example, vector)
            self._changed()

    def _known(self, identity: str) -> Example | None:
        found = self._kept.get(identity)
        return None if found is None else found[0]

    def remove(self, ids: Sequence[str]) -> None:
        """Remove the examples of these ids; unknown ids are ignored."""
        with self._lock:
            removed = [self._kept.pop(identity, None) for identity in ids]
            if any(removed):
                self._changed()

    def _changed(self) -> None:
        self._changes += 1
        self._snapshot = None

    def snapshot(self) -> IndexState:
        """Return all examples as they are now; a later change does not affect the snapshot."""
        with self._lock:
            if self._snapshot is None:
                rows = list(self._kept.values())
                found = [vector for _, vector in rows]
                vectors = np.stack(found) if found else np.zeros((0, 1), dtype=np.float32)
                for (example, _), vector in zip(rows, vectors, strict=True):
                    self._kept[example.id] = (example, vector)  # a view: vectors are stored once
                examples = tuple(example for example, _ in rows)
                self._snapshot = IndexState(self._changes, examples, vectors)
            return self._snapshot

    def nearest(self, texts: Sequence[str], k: int) -> list[list[Neighbour]]:
        """Return the `k` most similar examples of each text, most similar first."""
        return self.snapshot().nearest(self._embedder.embed(texts), k)
