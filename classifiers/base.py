"""The words every classifier speaks: labels, examples, predictions, and their Protocols."""

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
"""Begins the ids of examples that are written in the configuration."""


class ClassifierError(Exception):
    """Base of what a classifier raises; a model's bad answer is an abstention and never raises."""


class ClassifierUnavailableError(ClassifierError):
    """The classifier cannot answer now (endpoint down, slow, over quota): use another or retry."""


class NotAskedError(ClassifierUnavailableError):
    """Nothing was asked: the budget is spent or cannot be counted, or all slots are taken.

    The endpoint is not to blame, and the next message may be asked about at once.
    """


class ClassifierSetupError(ClassifierError):
    """A setting or file is wrong: tell the operator; a retry does not mend it."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its name, what it means in a sentence, and a few messages that carry it."""

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels a message can get, in the order of the configuration."""

    labels: tuple[Label, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Label names in order."""
        return tuple(label.name for label in self.labels)

    @property
    def version(self) -> str:
        """Twelve hex digits of the SHA-256 of names, descriptions and examples."""
        content = [[label.name, label.description, list(label.examples)] for label in self.labels]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled message: `id` is its message's identity, or a hash for seeds and imports."""

    id: str
    text: str
    label: str


class Abstention(StrEnum):
    """Why a prediction has no label."""

    UNSURE = "unsure"  # below the threshold that meets the target precision
    UNKNOWN = "unknown"  # unlike anything known
    EMPTY = "empty"  # nothing to read: no words in the text
    BAD_ANSWER = "bad answer"  # the model answered outside the label set, or not at all
    REFUSED = "refused"  # the model or its content filter refused


@dataclass(frozen=True, slots=True)
class Score:
    """A label with its calibrated confidence in [0, 1]."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A labelled example and its cosine similarity to the message: the card's 'why'.

    `id` is the example's, "" where it has none, as in what version 0.1 stored.
    """

    text: str
    label: str
    similarity: float
    id: str = ""

    @property
    def by_id(self) -> "Neighbour":
        """The same without its text, which is looked up by the id; seeds are nobody's words."""
        return self if not self.id or self.id.startswith(SEED) else replace(self, text="")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that one prediction took, and what they cost in US dollars."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """The tokens and the cost of both."""
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class Prediction:
    """A classifier's answer to one text; `label` is None when it abstains, with the reason.

    `confidence` is that of the best label, also when abstaining; `alternatives` are the best
    labels in falling confidence, the first of them the best one. `known` is higher the more the
    text is like what the labels are about, in [0, 1]; None where the classifier does not judge it.
    `local` is the best label of the local classifier and its own confidence in it, on which its
    threshold decides, whoever answers in the end; None where there is nothing to decide.
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
        """Whether the classifier gave no label."""
        return self.label is None

    @property
    def without_words(self) -> "Prediction":
        """The same as it may be stored: its neighbours are named, and not quoted."""
        return replace(self, neighbours=tuple(one.by_id for one in self.neighbours))


class Classifier(Protocol):
    """Texts in, predictions out: same length, same order."""

    @property
    def version(self) -> str:
        """What answered, as stored with each prediction, such as `local:3f2a9c`."""
        ...

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text; raise ClassifierUnavailableError only when none can be answered."""
        ...

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Add or replace examples by id, drop those in `remove`, and use them at once."""
        ...


class Embedder(Protocol):
    """Texts to unit vectors."""

    @property
    def name(self) -> str:
        """Model name and the first digits of its file's hash."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 vectors of unit length, shape (len(texts), dimensions)."""
        ...


class ExampleIndex(Protocol):
    """Examples with their vectors, as few-shot retrieval and the local head read them."""

    def nearest(self, texts: Sequence[str], k: int) -> list[list[Neighbour]]:
        """The `k` most similar examples of each text, most similar first; fewer when few exist."""
        ...

    def put(self, examples: Sequence[Example]) -> None:
        """Add or replace examples by id."""
        ...

    def remove(self, ids: Sequence[str]) -> None:
        """Drop the examples of these ids; unknown ids are ignored."""
        ...
