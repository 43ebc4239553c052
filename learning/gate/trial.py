"""A trial: champion and challenger answer the same held-out examples, turn by turn."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.base import Classifier, Prediction, Usage
from classifiers.evaluation import Evaluation, best, judge
from classifiers.ledger import Reservation
from learning.gate.paired import Bools, Numbers
from storage.models import ModelError
from storage.spending import Spending

_TIMED = 200
_BATCH = 64


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Messages that neither side was taught, with the labels that agents gave them."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one side said to all held-out messages, in their order.

    `times_ms` are those of the first messages, each asked alone, as one in use would be.
    """

    classifier: str
    predictions: tuple[Prediction, ...]
    times_ms: tuple[float, ...]

    def right(self, labels: Sequence[str]) -> Bools:
        """Where the best label is the true one, also where the side abstained; shape (n,)."""
        pairs = zip(self.predictions, labels, strict=True)
        return np.array([best(one) == label for one, label in pairs], dtype=bool)

    def useful(self, labels: Sequence[str]) -> Bools:
        """Where it gave a label, and the true one; shape (n,)."""
        pairs = zip(self.predictions, labels, strict=True)
        return np.array([one.label == label for one, label in pairs], dtype=bool)

    @property
    def costs_usd(self) -> Numbers:
        """What each message cost; shape (n,)."""
        return np.array([one.usage.cost_usd for one in self.predictions], dtype=float)

    def figures(self, labels: Sequence[str], target_precision: float) -> Evaluation:
        """Accuracy, calibration, coverage and times."""
        per_second = 1000 * len(self.times_ms) / max(1e-9, sum(self.times_ms))
        return judge(self.predictions, labels, target_precision, self.times_ms, per_second)


def _goes_on() -> None:
    """Nothing ends the trial early."""


async def _one(classifier: Classifier, text: str) -> tuple[Prediction, float]:
    started = time.perf_counter()
    [prediction] = await classifier.classify([text])
    return prediction, (time.perf_counter() - started) * 1000


async def hold(
    champion: Classifier,
    challenger: Classifier,
    texts: Sequence[str],
    check: Callable[[], None] = _goes_on,
) -> tuple[Answers, Answers]:
    """Ask both the same; the first 200 one by one in turns, so that noise meets both alike.

    Raises what the classifiers raise, and what `check` raises, which is called after each
    question: a trial without an answer decides nothing.
    """
    sides = (champion, challenger)
    predictions: tuple[list[Prediction], ...] = ([], [])
    times: tuple[list[float], ...] = ([], [])
    for side in sides:  # the first call of each pays for what is loaded late
        await side.classify(texts[:1])
        check()
    for number, text in enumerate(texts[:_TIMED]):
        for place in (0, 1) if number % 2 else (1, 0):
            prediction, ms = await _one(sides[place], text)
            check()
            predictions[place].append(prediction)
            times[place].append(ms)
    for start in range(_TIMED, len(texts), _BATCH):
        for place in (0, 1):
            predictions[place].extend(await sides[place].classify(texts[start : start + _BATCH]))
            check()
    first, second = (
        Answers(side.version, tuple(said), tuple(ms))
        for side, said, ms in zip(sides, predictions, times, strict=True)
    )
    return first, second


@dataclass
class TrialLedger:
    """Counts in the workspace's budget, and remembers that it was spent before the end.

    A cascade goes on with its local half alone then, and that must not answer for the whole.
    """

    spending: Spending
    daily_budget_usd: float | None
    spent: bool = False

    async def reserve(
        self, usd: float, budget_usd: float | None, likely_usd: float = 0.0
    ) -> Reservation | None:
        """Count a request of a comparison; see `Spending.reserve`."""
        found = await self.spending.reserve(usd, budget_usd, likely_usd)
        self.spent = self.spent or found is None
        return found

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by what the request took."""
        await self.spending.settle(reservation, usage)

    async def outage(self, said: str | None) -> None:
        """Tell nobody; see `Spending.outage`."""

    def check(self) -> None:
        """ModelError where the budget did not suffice for all that was to be asked."""
        if self.spent:
            raise ModelError(
                "nothing was compared: today's budget ([llm] daily_budget_usd = "
                f"{self.daily_budget_usd:g}) is spent; try again after 00:00 UTC, or raise it"
            )
