"""Finds labels to review: equal texts with different labels, and probable label errors."""

import asyncio
import heapq
from array import array
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from classifiers.base import Embedder, LabelSet
from classifiers.local.crossvalidation import FOLDS, folds
from classifiers.local.linear import fit_linear
from classifiers.local.tfidf import word_counts
from classifiers.local.training_set import Features, Training
from classifiers.text import has_words
from learning.dataset import split
from storage.examples.examples import Examples, StoredExample

_JUDGED_MAX = 1_000  # only the newest are judged, because embedding takes seconds
_PENALTY = 10.0  # C of the logistic regression on unit vectors

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Examples of the same text with different labels, newest first."""

    examples: tuple[StoredExample, ...]

    @property
    def when(self) -> float:
        """Return when the newest was labelled, in Unix seconds."""
        return float(self.examples[0].when)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A probable label error.

    `instead` is the likelier label, `probability` its probability, `given` that of the own label.
    """

    example: StoredExample
    instead: str
    probability: float
    given: float


@dataclass(frozen=True, slots=True)
class Doubts:
    """Conflicts and suspects to review, newest first, with the total of each.

    `judged` is the number of examples that were checked for label errors.
    """

    conflicts: tuple[Conflict, ...]
    conflicts_in_all: int
    suspects: tuple[Suspect, ...]
    suspects_in_all: int
    judged: int


async def doubts(
    examples: Examples, team: str, label_set: LabelSet, embedder: Embedder, most: int = 10
) -> Doubts:
    """Return up to `most` conflicts and `most` probable errors among labels of the label set."""
    conflicts = await _conflicts(examples, team, label_set)
    newest = await _newest(examples, team, label_set)
    found, judged = await asyncio.to_thread(suspects, newest, embedder)
    surest = sorted(found, key=lambda suspect: suspect.given - suspect.probability)[:most]
    return Doubts(
        tuple(conflicts[:most]),
        len(conflicts),
        tuple(sorted(surest, key=lambda suspect: -float(suspect.example.when))),
        len(found),
        judged,
    )


async def _newest(examples: Examples, team: str, label_set: LabelSet) -> list[StoredExample]:
    heap: list[tuple[float, str, StoredExample]] = []
    async for example in examples.iterate(team):
        if example.label in label_set.names and has_words(example.text):
            heapq.heappush(heap, (float(example.when), example.id, example))
            if len(heap) > _JUDGED_MAX:
                heapq.heappop(heap)
    return [example for _, _, example in sorted(heap, reverse=True)]


async def _conflicts(examples: Examples, team: str, label_set: LabelSet) -> list[Conflict]:
    place = {name: number for number, name in enumerate(label_set.names)}
    texts, labels = array("Q"), array("H")
    async for example in examples.iterate(team):
        if example.label in place:
            texts.append(split.fingerprint(example.text))
            labels.append(place[example.label])
    conflicting = _conflicting(np.array(texts, dtype=np.uint64), np.array(labels, dtype=np.uint16))
    groups: dict[int, list[StoredExample]] = {}
    if not conflicting:
        return []
    async for example in examples.iterate(team):
        text = split.fingerprint(example.text)
        if text in conflicting and example.label in place:
            groups.setdefault(text, []).append(example)
    found = [
        Conflict(tuple(sorted(group, key=lambda example: -float(example.when))))
        for group in groups.values()
    ]
    return sorted(found, key=lambda conflict: -conflict.when)


def _conflicting(texts: npt.NDArray[np.uint64], labels: npt.NDArray[np.uint16]) -> set[int]:
    """Return the fingerprints of texts with more than one label."""
    order = np.lexsort((labels, texts))
    texts, labels = texts[order], labels[order]
    differs = (texts[1:] == texts[:-1]) & (labels[1:] != labels[:-1])
    return set(texts[1:][differs].tolist())


def suspects(examples: list[StoredExample], embedder: Embedder) -> tuple[list[Suspect], int]:
    """Return probable label errors by confident learning, and the number of examples judged.

    After Northcutt, Jiang and Chuang (2021). An example is suspect if another label is likelier
    than its own, and at least as likely as that label is on average on its own examples. The
    probabilities come from a regression that has not seen the example. Labels with fewer than
    five examples are not judged.
    """
    counts = Counter(example.label for example in examples)
    judged = [example for example in examples if counts[example.label] >= FOLDS]
    names = sorted({example.label for example in judged})
    if len(names) < 2:  # noqa: PLR2004 - a single label cannot be confused
        return [], 0
    given = np.array([names.index(example.label) for example in judged])
    texts = [example.text for example in judged]
    features = Features(embedder.embed(texts), word_counts(texts))
    every = np.ones(len(judged), dtype=bool)
    labels = np.array([example.label for example in judged])
    shares = _held_out(Training(features, labels, np.ones(len(judged)), every))
    usual = np.array([shares[given == label, label].mean() for label in range(len(names))])
    reached = np.where(shares >= usual, shares, 0.0)
    best = reached.argmax(axis=1)
    own = shares[np.arange(len(judged)), given]
    top = reached[np.arange(len(judged)), best]
    found = [
        Suspect(judged[row], names[best[row]], float(top[row]), float(own[row]))
        for row in np.flatnonzero((best != given) & (top > own))
    ]
    return found, len(judged)


def _held_out(material: Training) -> Floats:
    """Return each text's probabilities from a regression that has not seen it: (texts, labels)."""
    found = np.zeros((len(material.labels), len(np.unique(material.labels))))
    for held in folds(material.labels):
        chosen = np.ones(len(material.labels), bool)
        chosen[held] = False
        linear = fit_linear(material, chosen, _PENALTY)
        found[held] = softmax(linear.logits(material.features.vectors[held]), axis=1)
    return found
