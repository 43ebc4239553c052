"""The training data of the local head: phrases of the label set, seeds, and taught examples."""

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
from classifiers.local.tfidf import Counts, word_counts

Labels = npt.NDArray[np.str_]

SAME = 0.92
"""The cosine from which two texts count as the same."""


@dataclass(frozen=True, slots=True)
class Features:
    """Features of n texts: `vectors` are embeddings (n, d), `counts` are `word_counts`."""

    vectors: Vectors
    counts: Counts

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, places: slice | npt.NDArray[Any]) -> "Features":
        """Return the features of the texts at `places`."""
        return Features(self.vectors[places], self.counts[places])


@dataclass(frozen=True, slots=True)
class Training:
    """Features of n texts with labels and weights; `taught` is True for examples from people.

    The others come from the configuration: names and descriptions of labels, and seeds. `texts`
    are used to find near-duplicates.
    """

    features: Features
    labels: Labels
    weights: Floats
    taught: npt.NDArray[np.bool_]
    texts: tuple[str, ...] = ()

    def groups(self) -> npt.NDArray[np.int64]:
        """Return the group numbers of near-duplicates, (n,); all differ if there are no texts."""
        return groups(self.texts) if self.texts else np.arange(len(self.labels))


@dataclass(frozen=True, slots=True)
class Phrases:
    """Names, descriptions and their parts as examples; `weak` is True for names and parts."""

    labels: tuple[str, ...]
    features: Features
    weak: npt.NDArray[np.bool_]
    texts: tuple[str, ...]


def phrases(label_set: LabelSet, embedder: Embedder) -> Phrases:
    """Return the phrases of a label set."""
    rows: list[tuple[str, str, bool]] = []
    for label in label_set.labels:
        rows.append((label.name, label.name.replace("_", " "), True))
        if label.description:
            rows.append((label.name, label.description, False))
            parts = re.split(r"[,:;.]", label.description)
            rows += [(label.name, part.strip(), True) for part in parts if part.strip()]
    texts = [row[1] for row in rows]
    return Phrases(
        tuple(row[0] for row in rows),
        Features(embedder.embed(texts), word_counts(texts)),
        np.array([row[2] for row in rows], dtype=bool),
        tuple(texts),
    )


def seeds(label_set: LabelSet) -> list[Example]:
    """Return the examples of the configuration, with ids that begin with SEED."""
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
    """Return the training data of phrases and of the examples whose label is in the label set.

    `vectors` has shape (len(examples), d). A seed is left out if people gave its text another
    label: they outrank the configuration.
    """
    names = set(label_set.names)
    outranked = _outranked(examples, vectors)
    places = [
        place
        for place, example in enumerate(examples)
        if example.label in names and place not in outranked
    ]
    kept = [examples[place] for place in places]
    stacked = known.features
    if places:
        counts = word_counts([example.text for example in kept])
        stacked = Features(
            np.vstack([stacked.vectors, vectors[places]]), vstack([stacked.counts, counts], "csr")
        )
    taught = [not example.id.startswith(SEED) for example in kept]
    return Training(
        stacked,
        np.array([*known.labels, *(example.label for example in kept)]),
        np.concatenate([np.where(known.weak, phrase_weight, 1.0), np.ones(len(kept))]),
        np.array([False] * len(known.labels) + taught, dtype=bool),
        (*known.texts, *(example.text for example in kept)),
    )


def _outranked(examples: Sequence[Example], vectors: Vectors) -> set[int]:
    """Return the places of seeds with the same text as a taught example of another label."""
    is_seed = np.array([example.id.startswith(SEED) for example in examples], dtype=bool)
    sown, taught = np.flatnonzero(is_seed), np.flatnonzero(~is_seed)
    if not len(sown) or not len(taught):
        return set()
    alike = vectors[sown] @ vectors[taught].T >= SAME
    labels = np.array([example.label for example in examples])
    differs = labels[sown][:, None] != labels[taught][None, :]
    return set(sown[(alike & differs).any(axis=1)].tolist())
