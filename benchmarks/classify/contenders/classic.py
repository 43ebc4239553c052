"""Contenders built from scikit-learn and NumPy in a few lines."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from benchmarks.classify.contender import Answer
from benchmarks.classify.contenders.minilm import Embedder

_NEIGHBOURS = 5


class TfIdf:
    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        self._model = make_pipeline(
            make_union(words, characters), LogisticRegression(C=10, max_iter=500)
        )
        self._model.fit(texts, labels)

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        names = self._model.classes_
        shares = self._model.predict_proba(texts)
        return [Answer(str(names[row.argmax()]), row.max(), row.max()) for row in shares]


class Nearest:
    """kNN; the confidence is the best label's share of the summed similarity of five neighbours."""

    def __init__(self) -> None:
        self._embedder = Embedder()

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        self._vectors = self._embedder.embed(texts)
        self._names, self._columns = np.unique(np.array(labels), return_inverse=True)

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        return [self._vote(row) for row in self._embedder.embed(texts) @ self._vectors.T]

    def _vote(self, similar: np.ndarray) -> Answer:
        nearest = np.argsort(-similar, kind="stable")[:_NEIGHBOURS]
        weights = np.maximum(similar[nearest], 0) + 1e-9
        votes = np.bincount(self._columns[nearest], weights, len(self._names))
        share = float(votes.max() / votes.sum())
        return Answer(str(self._names[votes.argmax()]), share, float(similar[nearest[0]]))
