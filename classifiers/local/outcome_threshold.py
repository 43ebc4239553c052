"""What became of the answers that people saw, and the thresholds that follow from it."""

from dataclasses import dataclass, replace

import numpy as np

from classifiers.local.calibration import (
    PrecisionReport,
    Threshold,
    choose_threshold,
    own_thresholds,
)
from classifiers.local.head import Calibration

_LIKELIER_THAN_NOT = 0.5


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The local classifier's best label of each answer, its confidence, and whether it was right.

    `attention` is the share of wrong labels that agents are taken to speak up about.
    """

    best: tuple[str, ...] = ()
    confidence: tuple[float, ...] = ()
    right: tuple[bool, ...] = ()
    attention: float = 0.0

    def apparent(self, target: float) -> float:
        """The precision to see in `right` for `target` to be true: wrong ones are overlooked."""
        return 1 - self.attention * (1 - target)


def by_outcomes(calibration: Calibration, outcomes: Outcomes, target: float) -> Calibration:
    """With lower thresholds, where outcomes show that they meet `target`; else as it was.

    They raise none that was met: what was wrong has become an example, which does that in
    `calibration`. Whatever they show, no label is given that is not likelier than not.
    """
    confidence, right = np.array(outcomes.confidence), np.array(outcomes.right, dtype=bool)
    apparent = outcomes.apparent(target)
    threshold = _floored(choose_threshold(confidence, right, apparent))
    before = calibration.threshold
    if not threshold.met or (before.met and before.value <= threshold.value):
        return calibration
    own = own_thresholds(np.array(outcomes.best), confidence, right, apparent)
    answered = float((confidence >= threshold.value).mean())
    return replace(
        calibration,
        threshold=threshold,
        own={label: _floored(one) for label, one in own.items()},
        standing=PrecisionReport(target, answered, 0, calibration.size, len(right)),
    )


def _floored(threshold: Threshold) -> Threshold:
    return replace(threshold, value=max(threshold.value, _LIKELIER_THAN_NOT))
