"""The interface of training backends, their findings and their errors.

FinetuneError
├── RefusedError       retrying cannot help: the job fails
└── UnavailableError   the trainer retries the step
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from storage.examples.snapshots import Snapshot
from storage.jobs import Job
from storage.models import Model


class FinetuneError(Exception):
    """Base class of training errors; the message says what happened and what to do."""


class RefusedError(FinetuneError):
    """The provider refused the job for good; retrying cannot help."""


class UnavailableError(FinetuneError):
    """The provider is unreachable, busy or not ready; retry the step, after `wait_s` if given."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Level(StrEnum):
    """The severity of a finding: it stops a job, needs `anyway`, or only informs."""

    REFUSE = "refuse"
    ADVISE = "advise against"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class PreflightFinding:
    """A finding of the checks that run before any money is spent."""

    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """The tokens of the training file, and the price of all epochs in US dollars, if known."""

    tokens: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class Remote:
    """The state of a job at the provider; `error` is the reason if it failed."""

    status: str
    tuned: str = ""
    trained_tokens: int | None = None
    events: tuple[str, ...] = ()
    error: str = ""


class Backend(Protocol):
    """A place to train models. Each step may be repeated, so it must be idempotent.

    All methods may raise RefusedError or UnavailableError.
    """

    @property
    def name(self) -> str:
        """Return the name that `triage train` uses."""
        ...

    @property
    def base_model(self) -> str:
        """Return the model that training starts from."""
        ...

    @property
    def hosted(self) -> bool:
        """Return True if training costs money and sends texts to a provider."""
        ...

    @property
    def longest(self) -> int | None:
        """Return the most tokens that an example may have, or None for no limit."""
        ...

    async def check(self, snapshot: Snapshot) -> Sequence[PreflightFinding]:
        """Return findings about a job with this snapshot, from the provider and the settings."""
        ...

    def estimate(self, snapshot: Snapshot, epochs: int) -> TrainingEstimate:
        """Return tokens and price; nothing is sent."""
        ...

    async def upload(self, job: Job, snapshot: Snapshot) -> tuple[str, ...]:
        """Find the training files by name or upload them; return their ids."""
        ...

    async def create(self, job: Job) -> str:
        """Find the provider's job by its tag or create it; return its id."""
        ...

    async def poll(self, job: Job, snapshot: Snapshot) -> Remote:
        """Return the state of the provider's job."""
        ...

    async def deploy(self, job: Job) -> str:
        """Deploy the trained model; return the name to call it by."""
        ...

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """Send one request to the model; raise unless it answers with a label of the set."""
        ...

    async def challenger(self, job: Job, snapshot: Snapshot) -> tuple[Model, bytes]:
        """Return the model to store and compare, and its file (empty for a hosted model)."""
        ...

    def cost(self, trained_tokens: int) -> float | None:
        """Return the price of the trained tokens in US dollars, or None if unknown."""
        ...

    async def cancel(self, job: Job) -> None:
        """Cancel the provider's job; no-op if it has ended."""
        ...
