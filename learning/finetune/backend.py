"""The words of training: what a backend does, what it finds, and how it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from storage.examples.snapshots import Snapshot
from storage.jobs import Job
from storage.models import Model


class FinetuneError(Exception):
    """Base of what training raises: the message says what happened and what to do."""


class RefusedError(FinetuneError):
    """The provider says no for good: the job has failed."""


class UnavailableError(FinetuneError):
    """Not now (away, busy, not ready): the same step again, after `wait_s` where it was told."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Level(StrEnum):
    """How much a finding weighs: refused, done only with `anyway`, or merely worth knowing."""

    REFUSE = "refuse"
    ADVISE = "advise against"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class PreflightFinding:
    """Something that was seen before any money was spent."""

    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """Tokens of the training file once, and the price of all epochs in US dollars, if known."""

    tokens: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class Remote:
    """What a provider says of a job; `error` is its reason for a failure."""

    status: str
    tuned: str = ""
    trained_tokens: int | None = None
    events: tuple[str, ...] = ()
    error: str = ""


class Backend(Protocol):
    """Where a model is trained. Each step may come twice and must then change nothing more.

    All raise RefusedError or UnavailableError.
    """

    @property
    def name(self) -> str:
        """What `triage train` calls it."""
        ...

    @property
    def base_model(self) -> str:
        """The model that is trained further."""
        ...

    @property
    def hosted(self) -> bool:
        """Whether it costs money and texts leave the house."""
        ...

    @property
    def longest(self) -> int | None:
        """The most tokens of an example that it trains on; None for any number."""
        ...

    async def check(self, snapshot: Snapshot) -> Sequence[PreflightFinding]:
        """What speaks against a job now, by the provider's word and the settings."""
        ...

    def estimate(self, snapshot: Snapshot, epochs: int) -> TrainingEstimate:
        """Tokens and price, before anything is sent."""
        ...

    async def upload(self, job: Job, snapshot: Snapshot) -> tuple[str, ...]:
        """The training files at the provider, found by name or uploaded; their ids."""
        ...

    async def create(self, job: Job) -> str:
        """The job at the provider, found by its tag or created; its id."""
        ...

    async def poll(self, job: Job, snapshot: Snapshot) -> Remote:
        """How the provider's job stands."""
        ...

    async def deploy(self, job: Job) -> str:
        """The name by which the trained model is called, once it is deployed under it."""
        ...

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """One request to the model; returns when it answered with a label of the set."""
        ...

    async def challenger(self, job: Job, snapshot: Snapshot) -> tuple[Model, bytes]:
        """The model as it is stored and compared, and its file ("" for a hosted one)."""
        ...

    def cost(self, trained_tokens: int) -> float | None:
        """The price of what was trained in US dollars, if known."""
        ...

    async def cancel(self, job: Job) -> None:
        """End the provider's job; one that ended already is fine."""
        ...
