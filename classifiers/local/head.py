"""The trained part of the local classifier: from features to calibrated confidence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import softmax

from classifiers.local.calibration import Floats, PrecisionReport, Threshold
from classifiers.local.novelty import Novelty, novelty_features
from classifiers.local.training_set import Features, Training
from classifiers.local.views import UNTUNED, Views, Weights, fit_views

_ROWS = 256  # texts that are compared with all examples at a time: more would fill the memory


def batches(features: Features) -> Iterator[Features]:
    """Yield batches that are small enough to be compared with all examples."""
    yield from (features[start : start + _ROWS] for start in range(0, len(features), _ROWS))


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted head: the views, their weights, which calibrate the confidence, and thresholds."""

    views: Views
    weights: Weights
    threshold: Threshold
    label_thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    novelty: Novelty | None = None

    def threshold_of(self, label: str) -> float:
        """Return the minimum confidence at which `label` is given."""
        return self.label_thresholds.get(label, self.threshold).value

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels in the order of the columns."""
        return self.views.linear.labels

    def predict(self, features: Features) -> tuple[Floats, Floats | None]:
        """Return calibrated confidences, and the probabilities that texts belong to any label.

        Confidences have shape (len(features), labels), and rows add up to 1. Probabilities have
        shape (len(features),), and are None if there is no novelty model.
        """
        similar = self.views.linear.similarities(features.vectors)
        mix = self.views.mixed(features, similar, self.weights)
        confidences: Floats = softmax(mix, axis=1)
        if self.novelty is None:
            return confidences, None
        found = novelty_features(similar, self.views.linear.logits(features.vectors))
        return confidences, self.novelty.known(found)

    def confidences(self, features: Features) -> Floats:
        """Return the calibrated confidence of each label, shape (len(features), labels)."""
        parts = [self.predict(batch)[0] for batch in batches(features)]
        return np.vstack(parts) if parts else np.zeros((0, len(self.labels)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of views and thresholds, learnt from held-out predictions of `size` examples.

    `c` is the inverse penalty. `label_thresholds` are for labels with enough predictions.
    """

    c: float
    threshold: Threshold
    size: int
    weights: Weights = UNTUNED
    label_thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    novelty: Novelty | None = None
    precision_report: PrecisionReport | None = None


def fit(training: Training, calibration: Calibration, before: Head | None = None) -> Head:
    """Return a head fitted on all examples, starting from the head `before`.

    At least two labels must have examples.
    """
    everything = np.ones(len(training.labels), bool)
    start = None if before is None else before.views.linear
    return Head(
        fit_views(training, everything, calibration.c, start),
        calibration.weights,
        calibration.threshold,
        calibration.label_thresholds,
        calibration.novelty,
    )
