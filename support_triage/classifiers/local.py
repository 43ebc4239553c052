"""The team's own small model: sentence vectors and a linear head, fitted again as it is taught."""

import asyncio
import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from support_triage.classifiers.base import (
    Abstention,
    Embedder,
    Example,
    LabelSet,
    Neighbour,
    Prediction,
    Score,
    Vectors,
)
from support_triage.classifiers.calibration import Floats
from support_triage.classifiers.head import Calibration, Head, Training, calibrate, fit
from support_triage.classifiers.index import EmbeddedIndex, Snapshot

_NEIGHBOURS = 3
_ALTERNATIVES = 4
_SAME = 0.92  # cosine from which two texts say the same
_UNKNOWN = 0.2  # cosine to all that is known, below which a text is about something else
_LEARN_S = 1.5
_RECALIBRATE = 1.1  # growth after which held-out predictions are made again
_SEED = "seed:"
_PHRASE_WEIGHT = 0.5
_SHORTCODE = re.compile(r":[a-z0-9_+'-]+:")


def has_words(text: str) -> bool:
    """Whether there is anything to read: a letter or digit outside of emoji names."""
    return any(map(str.isalnum, _SHORTCODE.sub("", text)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the labels before anybody taught anything."""

    labels: tuple[str, ...]
    vectors: Vectors
    weights: tuple[float, ...]


def _phrases(label_set: LabelSet, embedder: Embedder) -> _Known:
    """Names, descriptions and their parts as weak examples."""
    rows: list[tuple[str, str, float]] = []
    for label in label_set.labels:
        rows.append((label.name, label.name.replace("_", " "), _PHRASE_WEIGHT))
        if label.description:
            rows.append((label.name, label.description, 1.0))
            parts = re.split(r"[,:;.]", label.description)
            rows += [(label.name, one.strip(), _PHRASE_WEIGHT) for one in parts if one.strip()]
    return _Known(
        tuple(row[0] for row in rows),
        embedder.embed([row[1] for row in rows]),
        tuple(row[2] for row in rows),
    )


class LocalClassifier:
    """Labels by a calibrated linear head; abstains below the threshold of the target precision.

    It answers from the first minute, from label names, descriptions and seeds alone. Examples of
    labels outside of the label set are kept in the index and not learnt from.
    """

    def __init__(
        self,
        label_set: LabelSet,
        embedder: Embedder,
        index: EmbeddedIndex,
        target_precision: float,
        patience_s: float | None = _LEARN_S,
    ) -> None:
        self._label_set = label_set
        self._embedder = embedder
        self._index = index
        self._target = target_precision
        self._patience_s = patience_s
        self._known = _phrases(label_set, embedder)
        seeds = [
            Example(f"{_SEED}{label.name}:{number}", text, label.name)
            for label in label_set.labels
            for number, text in enumerate(label.examples)
        ]
        index.put(seeds)
        self._calibration: Calibration | None = None
        self._fitted: Snapshot | None = None
        self._head: Head | None = None
        self._fitting: asyncio.Task[None] | None = None
        self._version = ""
        self._refit(index.snapshot())

    @property
    def version(self) -> str:
        """`local:` and eight hex digits of embedder, label set and examples."""
        return self._version

    def _training(self, snapshot: Snapshot) -> Training:
        names = set(self._label_set.names)
        places = [n for n, one in enumerate(snapshot.examples) if one.label in names]
        examples = [snapshot.examples[place] for place in places]
        vectors = [self._known.vectors]
        if places:
            vectors.append(snapshot.vectors[places])
        labels = [*self._known.labels, *(one.label for one in examples)]
        weights = [*self._known.weights, *(1.0 for _ in examples)]
        taught = [*(False for _ in self._known.labels)]
        taught += [not one.id.startswith(_SEED) for one in examples]
        return Training(
            np.vstack(vectors), np.array(labels), np.array(weights), np.array(taught, dtype=bool)
        )

    def _refit(self, snapshot: Snapshot) -> None:
        training = self._training(snapshot)
        if len(self._label_set.labels) > 1:
            taught = int(training.taught.sum())
            old = self._calibration
            if old is None or not old.size <= taught <= max(old.size * _RECALIBRATE, old.size + 5):
                self._calibration = calibrate(training, self._target)
            assert self._calibration is not None
            self._head = fit(training, self._calibration)
        content = repr([(one.id, one.text, one.label) for one in snapshot.examples])
        digest = hashlib.sha256(
            f"{self._embedder.name} {self._label_set.version} {content}".encode()
        )
        self._version = f"local:{digest.hexdigest()[:8]}"
        self._fitted = snapshot

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Use examples from now on: as neighbours at once, in the head when it is fitted again.

        Waits for the fit for `patience_s` (None: to its end); then it ends in the background.
        """
        await asyncio.to_thread(self._index.put, put)
        self._index.remove(remove)
        if self._fitting is None or self._fitting.done():
            self._fitting = asyncio.create_task(self._catch_up())
        await asyncio.wait({self._fitting}, timeout=self._patience_s)

    async def _catch_up(self) -> None:
        while (snapshot := self._index.snapshot()) is not self._fitted:
            await asyncio.to_thread(self._refit, snapshot)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text; raises nothing."""
        return await asyncio.to_thread(self._classify, texts)

    def _classify(self, texts: Sequence[str]) -> list[Prediction]:
        started = time.perf_counter()
        readable = [place for place, text in enumerate(texts) if has_words(text)]
        found = [self._abstain(Abstention.EMPTY)] * len(texts)
        if readable:
            vectors = self._embedder.embed([_SHORTCODE.sub(" ", texts[one]) for one in readable])
            confidences = self._confidences(vectors)
            neighbours = self._index.snapshot().nearest(vectors, _NEIGHBOURS)
            known = (vectors @ self._known.vectors.T).max(axis=1)
            rows = zip(readable, confidences, neighbours, known, strict=True)
            for place, row, near, similar in rows:
                found[place] = self._decide(row, near, float(similar))
        ms = (time.perf_counter() - started) * 1000 / max(1, len(texts))
        return [replace(one, latency_ms=ms) for one in found]

    def _confidences(self, vectors: Vectors) -> Floats:
        if self._head is None:
            return np.ones((len(vectors), 1))
        return self._head.confidences(vectors)

    def _names(self) -> tuple[str, ...]:
        return self._label_set.names if self._head is None else self._head.labels

    def _decide(self, row: Floats, near: list[Neighbour], known: float) -> Prediction:
        names = self._names()
        best = np.argsort(-row, kind="stable")[:_ALTERNATIVES]
        scores = tuple(Score(names[one], float(row[one])) for one in best)
        if self._lags() and near and near[0].similarity >= _SAME and near[0].label in names:
            scores = _first(scores, near[0])
        similar = max(known, near[0].similarity if near else 0.0)
        threshold = 0.0 if self._head is None else self._head.threshold.value
        reason = None
        if similar < _UNKNOWN:
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
        )

    def _lags(self) -> bool:
        """Whether the head does not know yet what the index does."""
        return self._index.snapshot() is not self._fitted

    def _abstain(self, reason: Abstention) -> Prediction:
        return Prediction(label=None, confidence=0.0, reason=reason, classifier=self._version)


def _first(scores: tuple[Score, ...], near: Neighbour) -> tuple[Score, ...]:
    """What an agent said of the same text outranks a head that has not heard of it."""
    others = tuple(one for one in scores if one.label != near.label)
    return (Score(near.label, near.similarity), *others)[:_ALTERNATIVES]
