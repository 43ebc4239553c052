"""Choose thresholds by the outcomes of answers that people have seen."""

from dataclasses import dataclass, replace

import numpy as np

from classifiers.local.calibration import (
    PrecisionReport,
    Threshold,
    choose_threshold,
    label_thresholds,
)
from classifiers.local.head import Calibration

_LIKELIER_THAN_NOT = 0.5


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The best label of the local classifier for each answer, its confidence, and if it was right.

    `attention` is the share of wrong labels that agents are expected to correct, in [0, 1].
    """

    best: tuple[str, ...] = ()
    confidence: tuple[float, ...] = ()
    right: tuple[bool, ...] = ()
    attention: float = 0.0

    def apparent(self, target: float) -> float:
        """Return the precision that `right` must show for a true precision of `target`.

        It is higher than `target`, because agents overlook some wrong labels.
        """
        return 1 - self.attention * (1 - target)


def by_outcomes(calibration: Calibration, outcomes: Outcomes, target: float) -> Calibration:
    """Return the calibration with lower thresholds if outcomes show that they meet `target`.

    Otherwise return it unchanged. Outcomes never raise a threshold that was met: wrong answers
    have become examples, which the calibration takes into account. A threshold is at least 0.5.
    """
    confidence, right = np.array(outcomes.confidence), np.array(outcomes.right, dtype=bool)
    apparent = outcomes.apparent(target)
    threshold = _floored(choose_threshold(confidence, right, apparent))
    before = calibration.threshold
    if not threshold.met or (before.met and before.value <= threshold.value):
        return calibration
    by_label = label_thresholds(np.array(outcomes.best), confidence, right, apparent)
    answered = float((confidence >= threshold.value).mean())
    return replace(
        calibration,
        threshold=threshold,
        label_thresholds={label: _floored(each) for label, each in by_label.items()},
        precision_report=PrecisionReport(target, answered, 0, calibration.size, len(right)),
    )


def _floored(threshold: Threshold) -> Threshold:
    return replace(threshold, value=max(threshold.value, _LIKELIER_THAN_NOT))
