"""The local classifier: sentence vectors with a linear head that is refitted as it learns."""

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
from classifiers.local.tfidf import word_counts
from classifiers.local.training_set import SAME, Features, Training, phrases, seeds, training
from classifiers.text import has_words, without_emoji

_NEIGHBOURS = 3
_ALTERNATIVES = 4
_UNKNOWN = 0.33  # highest cosine to any example, below which a text is unknown
_NO_KNOWN_WORDS = 0.6  # the same for texts without known words, whose vectors say little
_LEARN_S = 1.5
_RECALIBRATE = 1.1  # growth of the examples after which calibration is repeated

log = structlog.get_logger()


class _Familiarity(NamedTuple):
    """The score of a text's familiarity, and the floor below which the text is unknown."""

    score: float
    floor: float


class LocalClassifier:
    """Labels texts by a calibrated linear head; abstains below the threshold.

    Before anybody has labelled a message it uses label names, descriptions and seeds. Examples of
    labels outside the label set stay in the index, but are not learnt. `outcomes` is called at each
    fit, and returns the answers that people have seen. Learning waits `patience_s` seconds for a
    fit, or until it is done if None.
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
        self._phrases = phrases(label_set, embedder)
        index.put(seeds(label_set))
        self._calibration: Calibration | None = None
        self._precision_report: PrecisionReport | None = None
        self._fitted: int | None = None
        self._head: Head | None = None
        self._fitting: asyncio.Task[None] | None = None
        self._version = ""
        self._refit()

    @property
    def version(self) -> str:
        """Return `local:` and eight hex digits of embedder, label set, recipe and examples."""
        return self._version

    @property
    def precision_report(self) -> PrecisionReport | None:
        """Return the report on the target precision, or None with a single label."""
        return self._precision_report

    def _training(self, snapshot: IndexState) -> Training:
        return training(
            self._phrases,
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
            calibration = by_outcomes(self._calibration, self._outcomes(), self._target)
            self._precision_report = calibration.precision_report
            self._head = fit(known, calibration, self._head)
        content = repr([(example.id, example.text, example.label) for example in snapshot.examples])
        digest = hashlib.sha256(
            f"{self._embedder.name} {self._label_set.version} {self._recipe} {content}".encode()
        )
        self._version = f"local:{digest.hexdigest()[:8]}"
        self._fitted = snapshot.number

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Use the examples as neighbours at once, and in the head after the next fit.

        Wait up to `patience_s` seconds for the fit; then it continues in the background.
        """
        await asyncio.to_thread(self._index.put, put)
        self._index.remove(remove)
        if self._fitting is None or self._fitting.done():
            self._fitting = asyncio.create_task(self._catch_up())
            self._fitting.add_done_callback(_log_failure)
        await asyncio.wait({self._fitting}, timeout=self._patience_s)

    async def _catch_up(self) -> None:
        while self._lags():
            await asyncio.to_thread(self._refit)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each text; never raise."""
        return await asyncio.to_thread(self._classify, texts)

    def rank(self, text: str) -> tuple[str, ...]:
        """Return the labels of a text, likeliest first; block while the text is embedded."""
        [row], _ = self._predict(self._read([text]))
        names = self._names()
        return tuple(names[place] for place in np.argsort(-row, kind="stable"))

    def _classify(self, texts: Sequence[str]) -> list[Prediction]:
        started = time.perf_counter()
        readable = [place for place, text in enumerate(texts) if has_words(text)]
        found = [self._abstain(Abstention.EMPTY)] * len(texts)
        if readable:
            features = self._read([texts[place] for place in readable])
            confidences, learnt = self._predict(features)
            neighbours = self._index.snapshot().nearest(features.vectors, _NEIGHBOURS)
            familiarity = self._familiarity(features, neighbours, learnt)
            rows = zip(readable, confidences, neighbours, familiarity, strict=True)
            for place, row, near, familiar in rows:
                found[place] = self._decide(row, near, familiar)
        ms = (time.perf_counter() - started) * 1000 / max(1, len(texts))
        return [replace(prediction, latency_ms=ms) for prediction in found]

    def _familiarity(
        self, features: Features, neighbours: list[list[Neighbour]], learnt: Floats | None
    ) -> list[_Familiarity]:
        to_phrases = (features.vectors @ self._phrases.features.vectors.T).max(axis=1)
        to_examples = np.array([near[0].similarity if near else 0.0 for near in neighbours])
        similar = np.maximum(to_phrases, to_examples)
        if learnt is None or self._head is None or self._head.novelty is None:
            return [_Familiarity(cosine, _UNKNOWN) for cosine in similar.tolist()]
        has_known_words = self._head.views.words.knows(features.counts)
        scores = np.where(
            similar < np.where(has_known_words, _UNKNOWN, _NO_KNOWN_WORDS), 0.0, learnt
        )
        return [_Familiarity(score, self._head.novelty.floor) for score in scores.tolist()]

    def _read(self, texts: Sequence[str]) -> Features:
        plain = [without_emoji(text) for text in texts]
        return Features(self._embedder.embed(plain), word_counts(plain))

    def _predict(self, features: Features) -> tuple[Floats, Floats | None]:
        if self._head is None:
            return np.ones((len(features), 1)), None
        return self._head.predict(features)

    def _names(self) -> tuple[str, ...]:
        return self._label_set.names if self._head is None else self._head.labels

    def _decide(self, row: Floats, near: list[Neighbour], familiar: _Familiarity) -> Prediction:
        names = self._names()
        best = np.argsort(-row, kind="stable")[:_ALTERNATIVES]
        scores = tuple(Score(names[column], float(row[column])) for column in best)
        same = bool(near) and near[0].similarity >= SAME and near[0].label in names
        if same and self._lags():
            scores = _put_first(scores, near[0])
        threshold = 0.0 if self._head is None else self._head.threshold_of(scores[0].label)
        reason = None
        if familiar.score < familiar.floor and not same:
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
            known=familiar.score,
            local=None if reason is Abstention.UNKNOWN else scores[0],
        )

    def _lags(self) -> bool:
        """Return True if the index has changed since the head was fitted."""
        return self._index.snapshot().number != self._fitted

    def _abstain(self, reason: Abstention) -> Prediction:
        return Prediction(label=None, confidence=0.0, reason=reason, classifier=self._version)


def _put_first(scores: tuple[Score, ...], near: Neighbour) -> tuple[Score, ...]:
    """Put the label of an example with the same text first, if the head was fitted without it."""
    others = tuple(score for score in scores if score.label != near.label)
    return (Score(near.label, near.similarity), *others)[:_ALTERNATIVES]


def _log_failure(fitting: asyncio.Task[None]) -> None:
    """Log a failed fit: the previous head still answers, and the next example starts a new fit."""
    error = None if fitting.cancelled() else fitting.exception()
    if error is not None:
        log.error("local.not_fitted", exc_info=error)
