"""From confidence to the threshold that meets a precision."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from classifiers.plural import plural

Floats = npt.NDArray[np.float64]

STATED_CONFIDENCE = 0.9
"""How sure it is that the target precision is met: the level of the Clopper-Pearson bound."""


def needed(precision: float) -> int:
    """How many answers in a row must be right before `precision` is shown: the fewest there are."""
    return int(np.ceil(np.log(1 - STATED_CONFIDENCE) / np.log(precision)))


@dataclass(frozen=True, slots=True)
class Threshold:
    """The confidence from which a label is given; `met` says that held-out examples showed it."""

    value: float
    met: bool


def choose_threshold(confidence: Floats, right: npt.NDArray[np.bool_], target: float) -> Threshold:
    """The lowest confidence above which the bound on the precision reaches `target`.

    Both arrays have shape (n,) and come from held-out predictions. Where no threshold is shown to
    meet the target, calibrated confidence itself has to reach it. Where all predictions together
    meet it, none of them says what is below, and calibrated confidence is taken at its word.
    """
    order = np.argsort(-confidence, kind="stable")
    hits = np.cumsum(right[order])
    given = np.arange(1, len(order) + 1)
    bounds = betaincinv(np.maximum(hits, 1), given - hits + 1, 1 - STATED_CONFIDENCE)
    last_of_ties = np.append(np.diff(confidence[order]) != 0, np.ones(min(1, len(order)), bool))
    good = np.flatnonzero((bounds >= target) & (hits > 0) & last_of_ties)
    if len(good) == 0:
        return Threshold(target, met=False)
    lowest = float(confidence[order][good[-1]])
    all_met = good[-1] == len(order) - 1
    return Threshold(min(lowest, target) if all_met else lowest, met=True)


_ENOUGH = 2  # times the fewest that could show the target: enough for a threshold of its own


def own_thresholds(
    said: npt.NDArray[np.str_], confidence: Floats, right: npt.NDArray[np.bool_], target: float
) -> dict[str, Threshold]:
    """Thresholds of the labels that were given often enough to be judged alone, and meet it.

    All arrays have shape (n,); `said` are the best labels.
    """
    enough = _ENOUGH * needed(target)
    found = {
        str(label): choose_threshold(confidence[said == label], right[said == label], target)
        for label, count in zip(*np.unique(said, return_counts=True), strict=True)
        if count >= enough
    }
    return {label: one for label, one in found.items() if one.met}


_FACTORS = np.geomspace(1.0, 64.0, 49)  # how many times as many examples are looked ahead to


def factor_needed(confidence: Floats, right: npt.NDArray[np.bool_], target: float) -> float | None:
    """How many times as many held-out predictions, alike, would show `target`; None if none would.

    What is known so far is taken to repeat itself: of the most confident so many are right, and
    only the bound on that share comes nearer to it.
    """
    hits = np.cumsum(right[np.argsort(-confidence, kind="stable")])
    given = np.arange(1, len(hits) + 1)
    for factor in _FACTORS.tolist():
        right_then = np.maximum(hits * factor, 1e-9)
        bounds = betaincinv(right_then, (given - hits) * factor + 1, 1 - STATED_CONFIDENCE)
        if (bounds >= target).any():
            return float(factor)
    return None


@dataclass(frozen=True, slots=True)
class PrecisionReport:
    """How far the target precision is shown: `answered` of the messages it rests on get a label.

    It rests on `answers` that people saw, or, where that is 0, on held-out `examples`. `missing`
    is about how many more examples would show it: 0 when it is shown, None when more of the same
    alone would not.
    """

    target: float
    answered: float
    missing: int | None
    examples: int
    answers: int = 0

    def __str__(self) -> str:
        target = f"{self.target:.0%} precision"
        if self.missing == 0:
            rests = f", by its last {plural(self.answers, 'answer')}" if self.answers else ""
            return f"{target} is met{rests}, with a label for about {self.answered:.0%} of messages"
        if self.missing is None:
            return (
                f"{target} is not met, and more of the same examples would not do it: the labels "
                "are hard to tell apart; describe or merge them, or ask for less"
            )
        return f"{target} is not shown yet: it takes about {plural(self.missing, 'more example')}"
