"""The trained part of the local classifier: logistic regression on vectors, calibrated."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from support_triage.classifiers.base import Vectors
from support_triage.classifiers.calibration import (
    Floats,
    Threshold,
    choose_threshold,
    fit_temperature,
)
from support_triage.classifiers.training import Training

_COLD_C = 30.0
_COLD_THRESHOLD = 0.5
_FOLDS = 3
_CALIBRATE_FROM = 40  # held-out predictions; with fewer a temperature is noise
_PER_LABEL = 3


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted head: `coefficients` (labels, d), `intercepts` (labels,), calibrated."""

    labels: tuple[str, ...]
    coefficients: Floats
    intercepts: Floats
    temperature: float
    threshold: Threshold

    def confidences(self, vectors: Vectors) -> Floats:
        """Calibrated confidence of each label, shape (len(vectors), labels); rows add up to 1."""
        logits = vectors @ self.coefficients.T + self.intercepts
        found: Floats = softmax(logits / self.temperature, axis=1)
        return found


def _fit(training: Training, chosen: npt.NDArray[np.bool_], c: float) -> LogisticRegression:
    model = LogisticRegression(C=c, max_iter=300, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few rows for many labels: that is what is asked
        return model.fit(
            training.vectors[chosen],
            training.labels[chosen],
            sample_weight=training.weights[chosen],
        )


def _linear(model: LogisticRegression) -> tuple[Floats, Floats]:
    """One row a label, also where there are but two labels and sklearn keeps one row."""
    if len(model.coef_) == 1:
        return np.vstack([-model.coef_, model.coef_]) / 2, np.append(
            -model.intercept_, model.intercept_
        ) / 2
    return model.coef_, model.intercept_


def held_out(training: Training, c: float) -> tuple[Floats, npt.NDArray[np.int64]] | None:
    """Cross-validated logits of taught examples at penalty `c`, and their true columns.

    Logits have shape (n, labels), columns in the order of the labels' names; None with too few.
    """
    counts = Counter(training.labels[training.taught].tolist())
    common = {label for label, count in counts.items() if count >= _PER_LABEL}
    places = np.flatnonzero(training.taught & np.isin(training.labels, list(common)))
    if len(places) < _CALIBRATE_FROM or len(common) < 2:  # noqa: PLR2004 - nothing to tell apart
        return None
    columns = {label: column for column, label in enumerate(np.unique(training.labels))}
    logits: list[Floats] = []
    truth: list[int] = []
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    for _, held in folds.split(places, training.labels[places]):
        chosen = np.ones(len(training.labels), bool)
        chosen[places[held]] = False
        model = _fit(training, chosen, c)
        coefficients, intercepts = _linear(model)
        row = np.full((len(held), len(columns)), -50.0)
        row[:, [columns[label] for label in model.classes_]] = (
            training.vectors[places[held]] @ coefficients.T + intercepts
        )
        logits.append(row)
        truth.extend(columns[label] for label in training.labels[places[held]])
    return np.vstack(logits), np.array(truth, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What held-out predictions said: a temperature and a threshold; `size` taught examples."""

    c: float
    temperature: float
    threshold: Threshold
    size: int


def calibrate(training: Training, target_precision: float, c: float) -> Calibration:
    """Cross-validate; before there is enough to do so, a fixed and cautious guess."""
    size = int(training.taught.sum())
    found = held_out(training, c)
    if found is None:
        return Calibration(_COLD_C, 1.0, Threshold(_COLD_THRESHOLD, met=False), size)
    logits, truth = found
    temperature = fit_temperature(logits, truth)
    confidences = softmax(logits / temperature, axis=1)
    right = confidences.argmax(axis=1) == truth
    threshold = choose_threshold(confidences.max(axis=1), right, target_precision)
    return Calibration(c, temperature, threshold, size)


def fit(training: Training, calibration: Calibration) -> Head:
    """Fit on everything; at least two labels must be present."""
    model = _fit(training, np.ones(len(training.labels), bool), calibration.c)
    coefficients, intercepts = _linear(model)
    names: Sequence[str] = model.classes_.tolist()
    return Head(
        tuple(names), coefficients, intercepts, calibration.temperature, calibration.threshold
    )
