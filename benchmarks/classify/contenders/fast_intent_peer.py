"""fast-intent-classifier with the same embedder as its custom provider."""

import contextlib
import io
from collections.abc import Sequence

import numpy as np
from fast_intent_classifier import FastIntentClassifier

from benchmarks.classify.contender import Answer
from benchmarks.classify.contenders.minilm import Embedder


class FastIntent:
    def __init__(self) -> None:
        self._embedder = Embedder()
        self._model = FastIntentClassifier("custom", embedding_function=self._embed)

    def _embed(self, text: str) -> np.ndarray:
        return self._embedder.embed([text])[0]

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        intents: dict[str, list[str]] = {}
        for text, label in zip(texts, labels, strict=True):
            intents.setdefault(label, []).append(text)
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a line per label
            loaded = self._model.load_intents(intents)
        assert loaded, "fast-intent-classifier did not load the intents"

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        return [self._answer(text) for text in texts]

    def _answer(self, text: str) -> Answer:
        label, similarity = self._model.detect_intent(text)
        return Answer(label, similarity, similarity)
