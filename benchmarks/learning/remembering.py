"""A caching embedder, because many classifiers are fitted on the same texts here."""

from collections.abc import Sequence

import numpy as np

from classifiers.base import Embedder, Vectors


class RememberingEmbedder:
    """Embeds each text once, and keeps its vector in memory."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._kept: dict[str, Vectors] = {}
        self.name = inner.name

    def embed(self, texts: Sequence[str]) -> Vectors:
        new = [one for one in dict.fromkeys(texts) if one not in self._kept]
        if new:
            self._kept.update(zip(new, self._inner.embed(new), strict=True))
        return np.stack([self._kept[one] for one in texts])
