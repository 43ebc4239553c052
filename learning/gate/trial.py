"""Runs a trial: champion and challenger answer the same held-out examples in turns."""

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
    """Messages that neither side was trained on, with the labels that agents gave them."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """One side's predictions for all held-out messages, in their order.

    `times_ms` has the times of the first 200 messages: they are classified one by one, as live
    messages are.
    """

    classifier: str
    predictions: tuple[Prediction, ...]
    times_ms: tuple[float, ...]

    def right(self, labels: Sequence[str]) -> Bools:
        """Return an array of shape (n,): True if the best guess is right, abstained or not."""
        pairs = zip(self.predictions, labels, strict=True)
        return np.array([best(prediction) == label for prediction, label in pairs], dtype=bool)

    def useful(self, labels: Sequence[str]) -> Bools:
        """Return an array of shape (n,): True if a label was given and is right."""
        pairs = zip(self.predictions, labels, strict=True)
        return np.array([prediction.label == label for prediction, label in pairs], dtype=bool)

    @property
    def costs_usd(self) -> Numbers:
        """Return the cost of each message in US dollars, shape (n,)."""
        costs = [prediction.usage.cost_usd for prediction in self.predictions]
        return np.array(costs, dtype=float)

    def figures(self, labels: Sequence[str], target_precision: float) -> Evaluation:
        """Return accuracy, calibration, coverage and times."""
        per_second = 1000 * len(self.times_ms) / max(1e-9, sum(self.times_ms))
        return judge(self.predictions, labels, target_precision, self.times_ms, per_second)


def _no_check() -> None:
    """Let the trial continue."""


async def _one(classifier: Classifier, text: str) -> tuple[Prediction, float]:
    started = time.perf_counter()
    [prediction] = await classifier.classify([text])
    return prediction, (time.perf_counter() - started) * 1000


async def run_trial(
    champion: Classifier,
    challenger: Classifier,
    texts: Sequence[str],
    check: Callable[[], None] = _no_check,
) -> tuple[Answers, Answers]:
    """Let both classify the same texts; return their answers, the champion's first.

    The first 200 texts are classified one by one and in turns, so that noise on the machine
    affects both times alike. `check` is called after each call. Errors of the classifiers and of
    `check` end the trial: an incomplete trial decides nothing.
    """
    sides = (champion, challenger)
    predictions: tuple[list[Prediction], ...] = ([], [])
    times: tuple[list[float], ...] = ([], [])
    for side in sides:  # not timed: the first call loads models and opens connections
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
        Answers(side.version, tuple(given), tuple(ms))
        for side, given, ms in zip(sides, predictions, times, strict=True)
    )
    return first, second


@dataclass
class TrialLedger:
    """The ledger of a comparison; `check` ends the comparison if the budget was spent.

    Without budget, only the local classifier of a cascade answers: its answers must not count as
    the cascade's.
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
        """Replace a reservation by the real usage of the request."""
        await self.spending.settle(reservation, usage)

    async def outage(self, said: str | None) -> None:
        """Ignore an outage; see `Spending.outage`."""

    def check(self) -> None:
        """Raise ModelError if the budget was spent before the end."""
        if self.spent:
            raise ModelError(
                "nothing was compared: today's budget ([llm] daily_budget_usd = "
                f"{self.daily_budget_usd:g}) is spent. Try again after 00:00 UTC, or raise the "
                "budget."
            )
