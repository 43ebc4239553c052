"""Labels to look at: one text with two labels, and labels that the other examples speak against."""

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

_JUDGED_MAX = 1_000  # the newest: embedding them takes seconds
_PENALTY = 10.0  # C of the logistic regression on unit vectors

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Examples of one text that have different labels, the newest first."""

    examples: tuple[StoredExample, ...]

    @property
    def when(self) -> float:
        """When the newest was labelled, Unix seconds."""
        return float(self.examples[0].when)


@dataclass(frozen=True, slots=True)
class Suspect:
    """An example whose label the others speak against: theirs with its probability, and its own."""

    example: StoredExample
    instead: str
    probability: float
    given: float


@dataclass(frozen=True, slots=True)
class Doubts:
    """What to look at, the newest first; `judged` is how many examples the others judged."""

    conflicts: tuple[Conflict, ...]
    conflicts_in_all: int
    suspects: tuple[Suspect, ...]
    suspects_in_all: int
    judged: int


async def doubts(
    examples: Examples, team: str, label_set: LabelSet, embedder: Embedder, most: int = 10
) -> Doubts:
    """Up to `most` conflicts and `most` probable errors, of labels that the label set has."""
    conflicts = await _conflicts(examples, team, label_set)
    newest = await _newest(examples, team, label_set)
    found, judged = await asyncio.to_thread(suspects, newest, embedder)
    surest = sorted(found, key=lambda one: one.given - one.probability)[:most]
    return Doubts(
        tuple(conflicts[:most]),
        len(conflicts),
        tuple(sorted(surest, key=lambda one: -float(one.example.when))),
        len(found),
        judged,
    )


async def _newest(examples: Examples, team: str, label_set: LabelSet) -> list[StoredExample]:
    heap: list[tuple[float, str, StoredExample]] = []
    async for one in examples.iterate(team):
        if one.label in label_set.names and has_words(one.text):
            heapq.heappush(heap, (float(one.when), one.id, one))
            if len(heap) > _JUDGED_MAX:
                heapq.heappop(heap)
    return [one for _, _, one in sorted(heap, reverse=True)]


async def _conflicts(examples: Examples, team: str, label_set: LabelSet) -> list[Conflict]:
    place = {name: number for number, name in enumerate(label_set.names)}
    texts, labels = array("Q"), array("H")
    async for one in examples.iterate(team):
        if one.label in place:
            texts.append(split.fingerprint(one.text))
            labels.append(place[one.label])
    torn = _torn(np.array(texts, dtype=np.uint64), np.array(labels, dtype=np.uint16))
    groups: dict[int, list[StoredExample]] = {}
    if not torn:
        return []
    async for one in examples.iterate(team):
        text = split.fingerprint(one.text)
        if text in torn and one.label in place:
            groups.setdefault(text, []).append(one)
    found = [
        Conflict(tuple(sorted(group, key=lambda one: -float(one.when))))
        for group in groups.values()
    ]
    return sorted(found, key=lambda one: -one.when)


def _torn(texts: npt.NDArray[np.uint64], labels: npt.NDArray[np.uint16]) -> set[int]:
    """Texts that stand with more than one label."""
    order = np.lexsort((labels, texts))
    texts, labels = texts[order], labels[order]
    torn = (texts[1:] == texts[:-1]) & (labels[1:] != labels[:-1])
    return set(texts[1:][torn].tolist())


def suspects(examples: list[StoredExample], embedder: Embedder) -> tuple[list[Suspect], int]:
    """Probable label errors by confident learning, and how many examples could be judged.

    After Northcutt, Jiang and Chuang (2021): an example is suspect where some other label reaches
    the mean probability that this label has on its own examples, and reaches more than its own
    does. Probabilities are those of a head that has not seen the example. Labels with fewer than
    five examples cannot be judged.
    """
    counts = Counter(one.label for one in examples)
    judged = [one for one in examples if counts[one.label] >= FOLDS]
    names = sorted({one.label for one in judged})
    if len(names) < 2:  # noqa: PLR2004 - one label leaves nothing to confuse
        return [], 0
    given = np.array([names.index(one.label) for one in judged])
    texts = [one.text for one in judged]
    features = Features(embedder.embed(texts), word_counts(texts))
    every = np.ones(len(judged), dtype=bool)
    labels = np.array([one.label for one in judged])
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
    """Return each text's probabilities by a regression that has not seen it: (texts, labels)."""
    found = np.zeros((len(material.labels), len(np.unique(material.labels))))
    for held in folds(material.labels):
        chosen = np.ones(len(material.labels), bool)
        chosen[held] = False
        linear = fit_linear(material, chosen, _PENALTY)
        found[held] = softmax(linear.logits(material.features.vectors[held]), axis=1)
    return found
