"""What the local head is fitted on: the label set's own words, seeds, and what people taught."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import vstack

from classifiers.base import SEED, Embedder, Example, LabelSet, Vectors
from classifiers.duplicates import groups
from classifiers.local.calibration import Floats
from classifiers.local.tfidf import Counts, counted

Labels = npt.NDArray[np.str_]

SAME = 0.92
"""Cosine from which two texts say the same."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is read of n texts: `vectors` of what they mean (n, d), and `counts` of their words."""

    vectors: Vectors
    counts: Counts

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, places: slice | npt.NDArray[Any]) -> "Features":
        """Those of some of the texts."""
        return Features(self.vectors[places], self.counts[places])


@dataclass(frozen=True, slots=True)
class Training:
    """Features of n texts with labels and weights; `taught` marks examples from people.

    The others are what is known before anybody taught anything: names, descriptions, seeds. `texts`
    tell near-duplicates.
    """

    features: Features
    labels: Labels
    weights: Floats
    taught: npt.NDArray[np.bool_]
    texts: tuple[str, ...] = ()

    def groups(self) -> npt.NDArray[np.int64]:
        """The numbers of near-duplicates, (n,), each text by itself where no texts are kept."""
        return groups(self.texts) if self.texts else np.arange(len(self.labels))


@dataclass(frozen=True, slots=True)
class Phrases:
    """Names, descriptions and their parts as weak examples; `weak` marks names and parts."""

    labels: tuple[str, ...]
    features: Features
    weak: npt.NDArray[np.bool_]
    texts: tuple[str, ...]


def phrases(label_set: LabelSet, embedder: Embedder) -> Phrases:
    """What the label set itself says of its labels."""
    rows: list[tuple[str, str, bool]] = []
    for label in label_set.labels:
        rows.append((label.name, label.name.replace("_", " "), True))
        if label.description:
            rows.append((label.name, label.description, False))
            parts = re.split(r"[,:;.]", label.description)
            rows += [(label.name, one.strip(), True) for one in parts if one.strip()]
    texts = [row[1] for row in rows]
    return Phrases(
        tuple(row[0] for row in rows),
        Features(embedder.embed(texts), counted(texts)),
        np.array([row[2] for row in rows], dtype=bool),
        tuple(texts),
    )


def seeds(label_set: LabelSet) -> list[Example]:
    """The examples of the configuration, under ids that tell them from what people taught."""
    return [
        Example(f"{SEED}{label.name}:{number}", text, label.name)
        for label in label_set.labels
        for number, text in enumerate(label.examples)
    ]


def training(
    known: Phrases,
    label_set: LabelSet,
    examples: Sequence[Example],
    vectors: Vectors,
    phrase_weight: float,
) -> Training:
    """Phrases and those examples, vectors of shape (len(examples), d), whose label exists.

    A seed whose text people gave another label is left out: they outrank the configuration.
    """
    names = set(label_set.names)
    wrong = _outranked(examples, vectors)
    places = [
        place for place, one in enumerate(examples) if one.label in names and place not in wrong
    ]
    kept = [examples[place] for place in places]
    stacked = known.features
    if places:
        counts = counted([one.text for one in kept])
        stacked = Features(
            np.vstack([stacked.vectors, vectors[places]]), vstack([stacked.counts, counts], "csr")
        )
    taught = [not one.id.startswith(SEED) for one in kept]
    return Training(
        stacked,
        np.array([*known.labels, *(one.label for one in kept)]),
        np.concatenate([np.where(known.weak, phrase_weight, 1.0), np.ones(len(kept))]),
        np.array([False] * len(known.labels) + taught, dtype=bool),
        (*known.texts, *(one.text for one in kept)),
    )


def _outranked(examples: Sequence[Example], vectors: Vectors) -> set[int]:
    """Places of seeds that say the same as an example of another label."""
    sown = [place for place, one in enumerate(examples) if one.id.startswith(SEED)]
    taught = [place for place, one in enumerate(examples) if not one.id.startswith(SEED)]
    if not sown or not taught:
        return set()
    alike = vectors[sown] @ vectors[taught].T >= SAME
    labels = np.array([one.label for one in examples])
    differs = labels[sown][:, None] != labels[taught][None, :]
    return {sown[row] for row in np.flatnonzero((alike & differs).any(axis=1))}
