"""Choose the confidence threshold that meets a target precision."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from classifiers.plural import plural

Floats = npt.NDArray[np.float64]

STATED_CONFIDENCE = 0.9
"""The level of the Clopper-Pearson bound at which the target precision must be met."""


def needed(precision: float) -> int:
    """Return the minimum number of answers that show `precision`: all of them must be right."""
    return int(np.ceil(np.log(1 - STATED_CONFIDENCE) / np.log(precision)))


@dataclass(frozen=True, slots=True)
class Threshold:
    """The minimum confidence at which a label is given.

    `met` is True if held-out examples show that the target precision is met.
    """

    value: float
    met: bool


def choose_threshold(confidence: Floats, right: npt.NDArray[np.bool_], target: float) -> Threshold:
    """Return the lowest threshold whose lower bound on the precision reaches `target`.

    Both arrays have shape (n,) and come from held-out predictions; `right` is True for right ones.
    The bound is the one-sided bound of Clopper and Pearson (1934). If no threshold meets the
    target, return `target`, because the confidence is calibrated. If all predictions together meet
    it, return their lowest confidence or `target`, whichever is lower.
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


_ENOUGH = 2  # a label gets its own threshold from this many times `needed` predictions


def label_thresholds(
    best: npt.NDArray[np.str_], confidence: Floats, right: npt.NDArray[np.bool_], target: float
) -> dict[str, Threshold]:
    """Return the thresholds of labels that have enough predictions and meet `target`.

    All arrays have shape (n,); `best` are the best labels.
    """
    enough = _ENOUGH * needed(target)
    found = {
        str(label): choose_threshold(confidence[best == label], right[best == label], target)
        for label, count in zip(*np.unique(best, return_counts=True), strict=True)
        if count >= enough
    }
    return {label: threshold for label, threshold in found.items() if threshold.met}


_FACTORS = np.geomspace(1.0, 64.0, 49)  # multiples of the present number of examples


def factor_needed(confidence: Floats, right: npt.NDArray[np.bool_], target: float) -> float | None:
    """Return the multiple of held-out predictions that would show `target`, or None beyond 64.

    More predictions are expected to have the same confidences and errors, so that only the bound
    becomes tighter.
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
    """A report on the target precision, based on held-out examples or on answers people have seen.

    `answered` is the share of messages that get a label, in [0, 1]. `missing` is the approximate
    number of further examples that would show the target. It is 0 if the target is met, and None if
    similar examples would not be enough. `answers` is the number of answers, or 0 if the report is
    based on held-out predictions of `examples` examples.
    """

    target: float
    answered: float
    missing: int | None
    examples: int
    answers: int = 0

    def __str__(self) -> str:
        target = f"{self.target:.0%} precision"
        if self.missing == 0:
            basis = f" in the last {plural(self.answers, 'answer')}" if self.answers else ""
            return f"{target} is met{basis}, with a label for about {self.answered:.0%} of messages"
        if self.missing is None:
            return (
                f"{target} is not met, and more examples of this kind would not help: the labels "
                "are hard to tell apart. Describe or merge them, or lower the target."
            )
        return f"{target} is not shown yet: it takes about {plural(self.missing, 'more example')}"
