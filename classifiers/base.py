"""Types that all classifiers share: labels, examples, predictions and Protocols."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

SEED = "seed:"
"""Prefix of the ids of seeds: the examples written in the configuration."""


class ClassifierError(Exception):
    """Base of all errors of classifiers. A model's bad answer is an abstention, not an error."""


class ClassifierUnavailableError(ClassifierError):
    """The classifier cannot answer now (endpoint down, slow, over quota): use another, or retry."""


class NotAskedError(ClassifierUnavailableError):
    """No request was sent: the budget is spent or cannot be counted, or all slots are in use.

    The endpoint is not at fault, so the next message may be sent at once.
    """


class ClassifierSetupError(ClassifierError):
    """A setting or file is wrong: tell the operator. A retry does not help."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label: its name, its meaning in a sentence, and a few messages that have it."""

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels a message can get, in the order of the configuration."""

    labels: tuple[Label, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the label names in order."""
        return tuple(label.name for label in self.labels)

    @property
    def version(self) -> str:
        """Return twelve hex digits of the SHA-256 of names, descriptions and examples."""
        content = [[label.name, label.description, list(label.examples)] for label in self.labels]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled message; `id` identifies its message, or is a hash for seeds and imports."""

    id: str
    text: str
    label: str


class Abstention(StrEnum):
    """The reason for which a prediction has no label."""

    UNSURE = "unsure"  # confidence is below the threshold that meets the target precision
    UNKNOWN = "unknown"  # the text is unlike all examples
    EMPTY = "empty"  # the text has no words
    BAD_ANSWER = "bad answer"  # the model named no label of the label set
    REFUSED = "refused"  # the model or its content filter refused


@dataclass(frozen=True, slots=True)
class Score:
    """A label with its calibrated confidence in [0, 1]."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A labelled example and its cosine similarity to the message, shown on cards as the reason.

    `id` is the id of the example, or "" if it is unknown, as in records of version 0.1.
    """

    text: str
    label: str
    similarity: float
    id: str = ""

    @property
    def without_text(self) -> "Neighbour":
        """Return a copy whose text must be looked up by `id`; a seed keeps its text."""
        return self if not self.id or self.id.startswith(SEED) else replace(self, text="")


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens used for a prediction, and their cost in US dollars."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum of tokens and cost."""
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class Prediction:
    """A classifier's answer to one text; if it abstains, `label` is None and `reason` is set.

    `confidence` is the confidence in the best label, even if the classifier abstains.
    `alternatives` are the best labels by falling confidence, with the best label first. `known` in
    [0, 1] rises with the similarity of the text to the labels' examples, and is None if the
    classifier does not measure it. `local` has the local classifier's best label and
    the confidence that its threshold applies to, even if the LLM answers. It is None if the local
    classifier has no label to offer.
    """

    label: str | None
    confidence: float
    alternatives: tuple[Score, ...] = ()
    reason: Abstention | None = None
    neighbours: tuple[Neighbour, ...] = ()
    classifier: str = ""
    latency_ms: float = 0.0
    usage: Usage = field(default_factory=Usage)
    known: float | None = None
    local: Score | None = None

    @property
    def abstained(self) -> bool:
        """Return True if the classifier gave no label."""
        return self.label is None

    @property
    def without_words(self) -> "Prediction":
        """Return a copy to store: without the texts of its neighbours."""
        return replace(self, neighbours=tuple(near.without_text for near in self.neighbours))


class Classifier(Protocol):
    """Predicts labels of texts and learns from examples."""

    @property
    def version(self) -> str:
        """Return the version that is stored with each prediction, such as `local:3f2a9c`."""
        ...

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each text, in order.

        Raise ClassifierUnavailableError only if no text can be answered.
        """
        ...

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Add or replace examples by id, remove the ids in `remove`, and use the result at once."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Return the model name with the first digits of its file's hash."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 vectors of unit length, shape (len(texts), dimensions)."""
        ...


class ExampleIndex(Protocol):
    """Examples that can be searched by similarity."""

    def nearest(self, texts: Sequence[str], k: int) -> list[list[Neighbour]]:
        """Return the `k` most similar examples of each text, most similar first."""
        ...

    def put(self, examples: Sequence[Example]) -> None:
        """Add or replace examples by id."""
        ...

    def remove(self, ids: Sequence[str]) -> None:
        """Remove the examples of these ids; unknown ids are ignored."""
        ...
