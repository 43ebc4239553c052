"""semantic-router with a local encoder, calibrated on held-out utterances as its manual advises."""

import asyncio
from collections.abc import Sequence
from typing import Any

from semantic_router import IndexedRouter, Route
from semantic_router.calibration import Calibrator
from semantic_router.encoders import DenseEncoder

from benchmarks.classify.contender import Answer
from benchmarks.classify.contenders.minilm import Embedder

_HELD = 5  # every fifth utterance is used for calibration


class _Encoder(DenseEncoder):
    name: str = "minilm-int8"
    embedder: Any = None

    def __call__(self, docs: list[Any]) -> list[list[float]]:
        found: list[list[float]] = self.embedder.embed(docs).tolist()
        return found


class Router:
    def __init__(self) -> None:
        self._encoder = _Encoder(embedder=Embedder())

    def _routes(self, rows: Sequence[tuple[str, str]]) -> list[Route]:
        by_label: dict[str, list[str]] = {}
        for text, label in rows:
            by_label.setdefault(label, []).append(text)
        return [Route(name=name, utterances=texts) for name, texts in by_label.items()]

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        rows = list(zip(texts, labels, strict=True))
        held = rows[::_HELD]
        kept = [row for place, row in enumerate(rows) if place % _HELD]
        trial = IndexedRouter(self._encoder, self._routes(kept))
        trial.fit([text for text, _ in held], [label for _, label in held])
        calibrator: Calibrator | None = trial.calibrator
        self._router = IndexedRouter(self._encoder, self._routes(rows), calibrator=calibrator)

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        if len(texts) == 1:
            return [self._answer(self._router(texts[0]))]
        # Its public call accepts a single text; its evaluation makes batches in this way.
        scores = asyncio.run(self._router._scores_many(texts))  # noqa: SLF001
        return [self._answer(self._router._choose(one, 1, None)) for one in scores]  # noqa: SLF001

    def _answer(self, choice: Any) -> Answer:
        return Answer(choice.name, choice.confidence, choice.confidence)
