"""The trained part of the local classifier: logits to calibrated confidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import log_softmax, softmax

from support_triage.classifiers.base import Vectors
from support_triage.classifiers.calibration import Floats, Standing, Threshold
from support_triage.classifiers.linear import Linear, fit_linear
from support_triage.classifiers.novelty import Novelty, signs
from support_triage.classifiers.training import Training

ROWS = 256  # compared with all that was taught at a time: more would fill the memory


def _starts(count: int) -> range:
    return range(0, count, ROWS)


def mixed(logits: Floats, votes: Floats, share: float) -> Floats:
    """Log-probabilities of the regression and of the nearest examples, which have `share`."""
    found: Floats = log_softmax(logits, axis=1)
    return (1.0 - share) * found + share * votes


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted head, calibrated; `votes` is the share that the nearest examples have in it."""

    linear: Linear
    temperature: float
    threshold: Threshold
    votes: float = 0.0
    own: Mapping[str, Threshold] = field(default_factory=dict)
    novelty: Novelty | None = None

    def needs(self, label: str) -> float:
        """The confidence from which `label` is given."""
        return self.own.get(label, self.threshold).value

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the columns."""
        return self.linear.labels

    def judged(self, vectors: Vectors) -> tuple[Floats, Floats | None]:
        """Confidences, and how likely each belongs to a label at all; None before it is learnt.

        Calibrated confidence of each label has shape (len(vectors), labels); rows add up to 1.
        """
        logits = self.linear.logits(vectors)
        similar = self.linear.similarities(vectors)
        votes = self.linear.votes(similar) if self.votes else np.zeros(1)
        mix = mixed(logits, votes, self.votes)
        confidences: Floats = softmax(mix / self.temperature, axis=1)
        if self.novelty is None:
            return confidences, None
        return confidences, self.novelty.known(signs(similar, logits))

    def confidences(self, vectors: Vectors) -> Floats:
        """Calibrated confidence of each label, shape (len(vectors), labels)."""
        parts = [self.judged(vectors[start : start + ROWS])[0] for start in _starts(len(vectors))]
        return np.vstack(parts) if parts else np.zeros((0, len(self.labels)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What held-out predictions said, of `size` taught examples: temperature and thresholds.

    `votes` is the share of the nearest examples in the answer; `own` are thresholds of labels with
    enough predictions of their own.
    """

    c: float
    temperature: float
    threshold: Threshold
    size: int
    votes: float = 0.0
    own: Mapping[str, Threshold] = field(default_factory=dict)
    novelty: Novelty | None = None
    standing: Standing | None = None


def fit(training: Training, calibration: Calibration, before: Head | None = None) -> Head:
    """Fit on everything, from the head `before`; at least two labels must be present."""
    everything = np.ones(len(training.labels), bool)
    start = None if before is None else before.linear
    linear = fit_linear(training, everything, calibration.c, start)
    return Head(
        linear,
        calibration.temperature,
        calibration.threshold,
        calibration.votes,
        calibration.own,
        calibration.novelty,
    )
