"""The trained part of the local classifier: logits to calibrated confidence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import softmax

from classifiers.local.calibration import Floats, PrecisionReport, Threshold
from classifiers.local.novelty import Novelty, signs
from classifiers.local.training_set import Features, Training
from classifiers.local.views import UNTUNED, Views, Weights, fit_views

_ROWS = 256  # compared with all that was taught at a time: more would fill the memory


def parted(features: Features) -> Iterator[Features]:
    """A part after the other, each small enough to be compared with all that was taught."""
    yield from (features[start : start + _ROWS] for start in range(0, len(features), _ROWS))


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted head, calibrated by the weights of its views."""

    views: Views
    weights: Weights
    threshold: Threshold
    own: Mapping[str, Threshold] = field(default_factory=dict)
    novelty: Novelty | None = None

    def needs(self, label: str) -> float:
        """The confidence from which `label` is given."""
        return self.own.get(label, self.threshold).value

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the columns."""
        return self.views.linear.labels

    def judged(self, features: Features) -> tuple[Floats, Floats | None]:
        """Confidences, and how likely each belongs to a label at all; None before it is learnt.

        Calibrated confidence of each label has shape (len(features), labels); rows add up to 1.
        """
        similar = self.views.linear.similarities(features.vectors)
        mix = self.views.mixed(features, similar, self.weights)
        confidences: Floats = softmax(mix, axis=1)
        if self.novelty is None:
            return confidences, None
        found = signs(similar, self.views.linear.logits(features.vectors))
        return confidences, self.novelty.known(found)

    def confidences(self, features: Features) -> Floats:
        """Calibrated confidence of each label, shape (len(features), labels)."""
        parts = [self.judged(one)[0] for one in parted(features)]
        return np.vstack(parts) if parts else np.zeros((0, len(self.labels)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What held-out predictions said, of `size` taught examples: weights and thresholds.

    `own` are thresholds of labels with enough predictions of their own.
    """

    c: float
    threshold: Threshold
    size: int
    weights: Weights = UNTUNED
    own: Mapping[str, Threshold] = field(default_factory=dict)
    novelty: Novelty | None = None
    standing: PrecisionReport | None = None


def fit(training: Training, calibration: Calibration, before: Head | None = None) -> Head:
    """Fit on everything, from the head `before`; at least two labels must be present."""
    everything = np.ones(len(training.labels), bool)
    start = None if before is None else before.views.linear
    return Head(
        fit_views(training, everything, calibration.c, start),
        calibration.weights,
        calibration.threshold,
        calibration.own,
        calibration.novelty,
    )
