"""The team's own small model: sentence vectors and a linear head, fitted again as it is taught."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import structlog

from classifiers.base import (
    Abstention,
    Embedder,
    Example,
    LabelSet,
    Neighbour,
    Prediction,
    Score,
)
from classifiers.embedding.index import EmbeddedIndex, IndexState
from classifiers.local.blas import one_blas_thread
from classifiers.local.calibration import Floats, PrecisionReport
from classifiers.local.crossvalidation import calibrate
from classifiers.local.head import Calibration, Head, fit
from classifiers.local.outcome_threshold import Outcomes, by_outcomes
from classifiers.local.recipe import Recipe
from classifiers.local.tfidf import counted
from classifiers.local.training_set import SAME, Features, Training, phrases, seeds, training
from classifiers.text import has_words, without_emoji

_NEIGHBOURS = 3
_ALTERNATIVES = 4
_UNKNOWN = 0.33  # cosine to all that is known, below which a text is about something else
_WORDLESS = 0.6  # the same of a text none of whose words is known: its vector says little
_LEARN_S = 1.5
_RECALIBRATE = 1.1  # growth after which held-out predictions are made again

log = structlog.get_logger()


class _Familiar(NamedTuple):
    """How much a text is like what is known, and below which it is about something else."""

    score: float
    floor: float


class LocalClassifier:
    """Labels by a calibrated linear head; abstains below the threshold of the target precision.

    It answers from the first minute, from label names, descriptions and seeds alone. Examples of
    labels outside of the label set are kept in the index and not learnt from. `outcomes` tells at
    each fit what became of its answers.
    """

    def __init__(
        self,
        label_set: LabelSet,
        embedder: Embedder,
        index: EmbeddedIndex,
        target_precision: float,
        patience_s: float | None = _LEARN_S,
        recipe: Recipe | None = None,
        outcomes: Callable[[], Outcomes] = Outcomes,
    ) -> None:
        one_blas_thread()
        self._label_set = label_set
        self._embedder = embedder
        self._index = index
        self._target = target_precision
        self._patience_s = patience_s
        self._recipe = recipe or Recipe()
        self._outcomes = outcomes
        self._known = phrases(label_set, embedder)
        index.put(seeds(label_set))
        self._calibration: Calibration | None = None
        self._standing: PrecisionReport | None = None
        self._fitted: int | None = None
        self._head: Head | None = None
        self._fitting: asyncio.Task[None] | None = None
        self._version = ""
        self._refit()

    @property
    def version(self) -> str:
        """`local:` and eight hex digits of embedder, label set, recipe and examples."""
        return self._version

    @property
    def standing(self) -> PrecisionReport | None:
        """How far the target precision is met; None of a single label."""
        return self._standing

    def _training(self, snapshot: IndexState) -> Training:
        return training(
            self._known,
            self._label_set,
            snapshot.examples,
            snapshot.vectors,
            self._recipe.phrase_weight,
        )

    def _refit(self) -> None:
        snapshot = self._index.snapshot()
        known = self._training(snapshot)
        if len(self._label_set.labels) > 1:
            taught = int(known.taught.sum())
            old = self._calibration
            if old is None or not old.size <= taught <= max(old.size * _RECALIBRATE, old.size + 5):
                self._calibration = calibrate(known, self._target, self._recipe.c)
            assert self._calibration is not None
            ruling = by_outcomes(self._calibration, self._outcomes(), self._target)
            self._standing = ruling.standing
            self._head = fit(known, ruling, self._head)
        content = repr([(one.id, one.text, one.label) for one in snapshot.examples])
        digest = hashlib.sha256(
            f"{self._embedder.name} {self._label_set.version} {self._recipe} {content}".encode()
        )
        self._version = f"local:{digest.hexdigest()[:8]}"
        self._fitted = snapshot.number

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Use examples from now on: as neighbours at once, in the head when it is fitted again.

        Waits for the fit for `patience_s` (None: to its end); then it ends in the background.
        """
        await asyncio.to_thread(self._index.put, put)
        self._index.remove(remove)
        if self._fitting is None or self._fitting.done():
            self._fitting = asyncio.create_task(self._catch_up())
            self._fitting.add_done_callback(_tell)
        await asyncio.wait({self._fitting}, timeout=self._patience_s)

    async def _catch_up(self) -> None:
        while self._lags():
            await asyncio.to_thread(self._refit)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text; raises nothing."""
        return await asyncio.to_thread(self._classify, texts)

    def rank(self, text: str) -> tuple[str, ...]:
        """The labels of a text, likeliest first; blocks while it embeds."""
        [row], _ = self._judged(self._read([text]))
        names = self._names()
        return tuple(names[place] for place in np.argsort(-row, kind="stable"))

    def _classify(self, texts: Sequence[str]) -> list[Prediction]:
        started = time.perf_counter()
        readable = [place for place, text in enumerate(texts) if has_words(text)]
        found = [self._abstain(Abstention.EMPTY)] * len(texts)
        if readable:
            features = self._read([texts[one] for one in readable])
            confidences, learnt = self._judged(features)
            neighbours = self._index.snapshot().nearest(features.vectors, _NEIGHBOURS)
            known = self._familiar(features, neighbours, learnt)
            rows = zip(readable, confidences, neighbours, known, strict=True)
            for place, row, near, belongs in rows:
                found[place] = self._decide(row, near, belongs)
        ms = (time.perf_counter() - started) * 1000 / max(1, len(texts))
        return [replace(one, latency_ms=ms) for one in found]

    def _familiar(
        self, features: Features, neighbours: list[list[Neighbour]], learnt: Floats | None
    ) -> list[_Familiar]:
        nearest = (features.vectors @ self._known.features.vectors.T).max(axis=1)
        likest = np.array([near[0].similarity if near else 0.0 for near in neighbours])
        similar = np.maximum(nearest, likest)
        if learnt is None or self._head is None or self._head.novelty is None:
            return [_Familiar(one, _UNKNOWN) for one in similar.tolist()]
        floors = np.where(self._head.views.words.knows(features.counts), _UNKNOWN, _WORDLESS)
        scores = np.where(similar < floors, 0.0, learnt)
        return [_Familiar(one, self._head.novelty.floor) for one in scores.tolist()]

    def _read(self, texts: Sequence[str]) -> Features:
        plain = [without_emoji(text) for text in texts]
        return Features(self._embedder.embed(plain), counted(plain))

    def _judged(self, features: Features) -> tuple[Floats, Floats | None]:
        if self._head is None:
            return np.ones((len(features), 1)), None
        return self._head.judged(features)

    def _names(self) -> tuple[str, ...]:
        return self._label_set.names if self._head is None else self._head.labels

    def _decide(self, row: Floats, near: list[Neighbour], known: _Familiar) -> Prediction:
        names = self._names()
        best = np.argsort(-row, kind="stable")[:_ALTERNATIVES]
        scores = tuple(Score(names[one], float(row[one])) for one in best)
        same = bool(near) and near[0].similarity >= SAME and near[0].label in names
        if same and self._lags():
            scores = _first(scores, near[0])
        threshold = 0.0 if self._head is None else self._head.needs(scores[0].label)
        reason = None
        if known.score < known.floor and not same:
            reason = Abstention.UNKNOWN
        elif scores[0].confidence < threshold:
            reason = Abstention.UNSURE
        return Prediction(
            label=scores[0].label if reason is None else None,
            confidence=scores[0].confidence,
            alternatives=scores,
            reason=reason,
            neighbours=tuple(near),
            classifier=self._version,
            known=known.score,
            local=None if reason is Abstention.UNKNOWN else scores[0],
        )

    def _lags(self) -> bool:
        """Whether the head does not know yet what the index does."""
        return self._index.snapshot().number != self._fitted

    def _abstain(self, reason: Abstention) -> Prediction:
        return Prediction(label=None, confidence=0.0, reason=reason, classifier=self._version)


def _first(scores: tuple[Score, ...], near: Neighbour) -> tuple[Score, ...]:
    """What an agent said of the same text outranks a head that has not heard of it."""
    others = tuple(one for one in scores if one.label != near.label)
    return (Score(near.label, near.similarity), *others)[:_ALTERNATIVES]


def _tell(fitting: asyncio.Task[None]) -> None:
    """Log a fit that failed: the head of before answers, and the next example starts another."""
    error = None if fitting.cancelled() else fitting.exception()
    if error is not None:
        log.error("local.not_fitted", exc_info=error)
