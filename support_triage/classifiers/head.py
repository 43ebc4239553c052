"""The trained part of the local classifier: logistic regression on vectors, calibrated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import softmax

from support_triage.classifiers.base import Vectors
from support_triage.classifiers.calibration import (
    Floats,
    Standing,
    Threshold,
    choose_threshold,
    factor_needed,
    fit_temperature,
    needed,
)
from support_triage.classifiers.novelty import Novelty, fit_novelty, signs
from support_triage.classifiers.training import Training

_COLD_THRESHOLD = 0.5
_ITERATIONS = 100
_GRADIENT = 5e-5  # of the mean loss: further steps move no answer
_FOLDS = 5
_HELD_OUT_MAX = 2_000  # so many held-out predictions say enough
_CALIBRATE_FROM = 40  # with fewer a temperature is noise
_PER_LABEL = 3
_ENOUGH = 2  # times the fewest that could show the target: enough for a threshold of its own
_HIDDEN = 3  # so many parts of the labels are hidden in turn
_NOVELTY_MAX = 4_000
_ABSENT = -50.0  # the logit of a label that a fold did not show

Chosen = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Linear:
    """Logits of `labels` for unit vectors: `centre` (d,), `coefficients` (labels, d + 1).

    `material` (n, d) is what it was fitted on, centred and of unit length.
    """

    labels: tuple[str, ...]
    centre: Vectors
    coefficients: Vectors
    material: Vectors

    def signs(self, vectors: Vectors) -> Floats:
        """What tells whether a text belongs to a label, shape (len(vectors), 3)."""
        similar = _centred(vectors, self.centre)[:, :-1] @ self.material.T
        return signs(similar, self.logits(vectors))

    def logits(self, vectors: Vectors) -> Floats:
        """Shape (len(vectors), labels)."""
        found: Floats = (_centred(vectors, self.centre) @ self.coefficients.T).astype(np.float64)
        return found


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted head, calibrated."""

    linear: Linear
    temperature: float
    threshold: Threshold
    own: Mapping[str, Threshold] = field(default_factory=dict)
    novelty: Novelty | None = None

    def needs(self, label: str) -> float:
        """The confidence from which `label` is given."""
        return self.own.get(label, self.threshold).value

    def known(self, vectors: Vectors) -> tuple[Floats, float] | None:
        """How likely each belongs to a label at all, and from when; None before it is learnt."""
        if self.novelty is None:
            return None
        return self.novelty.known(self.linear.signs(vectors)), self.novelty.floor

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the columns."""
        return self.linear.labels

    def confidences(self, vectors: Vectors) -> Floats:
        """Calibrated confidence of each label, shape (len(vectors), labels); rows add up to 1."""
        found: Floats = softmax(self.linear.logits(vectors) / self.temperature, axis=1)
        return found


def _centred(vectors: Vectors, centre: Vectors) -> Vectors:
    """What tells vectors apart: the mean taken off, length one again, and a column of ones."""
    moved = vectors - centre
    moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    found: Vectors = np.hstack([moved, np.ones((len(moved), 1), np.float32)])
    return found


def _linear(training: Training, chosen: Chosen, c: float) -> Linear:
    """Multinomial logistic regression with an L2 penalty, by L-BFGS; the intercept is free."""
    vectors = training.vectors[chosen]
    weights = training.weights[chosen].astype(np.float32)
    names, columns = np.unique(training.labels[chosen], return_inverse=True)
    centre: Vectors = vectors.mean(axis=0)
    inputs = _centred(vectors, centre)
    rows, size = np.arange(len(columns)), float(weights.sum())
    penalised = np.append(np.ones(inputs.shape[1] - 1), 0.0) / c

    def loss(flat: Floats) -> tuple[float, Floats]:
        now = flat.reshape(len(names), -1)
        logits = inputs @ now.T.astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        total = odds.sum(axis=1, keepdims=True)
        value = weights @ (np.log(total[:, 0]) - logits[rows, columns])
        value += 0.5 * (penalised * now * now).sum()
        wrong = odds / total
        wrong[rows, columns] -= 1.0
        wrong *= weights[:, None]
        gradient = wrong.T @ inputs + penalised * now
        return float(value) / size, gradient.ravel() / size

    found = minimize(
        loss,
        np.zeros(len(names) * inputs.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ITERATIONS, "gtol": _GRADIENT},
    )
    coefficients = found.x.reshape(len(names), -1).astype(np.float32)
    return Linear(tuple(names.tolist()), centre, coefficients, inputs[:, :-1])


def _folds(labels: npt.NDArray[np.str_]) -> Iterator[Places]:
    """Places to hold out, each label spread evenly over the folds."""
    rng = np.random.default_rng(0)
    fold = np.zeros(len(labels), dtype=np.int64)
    start = 0
    for name in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == name))
        fold[places] = (start + np.arange(len(places))) % _FOLDS
        start += len(places)
    yield from (np.flatnonzero(fold == number) for number in range(_FOLDS))


def held_out(training: Training, c: float) -> tuple[Floats, Places] | None:
    """Cross-validated logits of taught examples at penalty `c`, and their true columns.

    Logits have shape (n, labels), columns in the order of the labels' names; None with too few.
    Of very many examples some folds are enough.
    """
    names, sizes = np.unique(training.labels[training.taught], return_counts=True)
    common = names[sizes >= _PER_LABEL]
    places = np.flatnonzero(training.taught & np.isin(training.labels, common))
    if len(places) < _CALIBRATE_FROM or len(common) < 2:  # noqa: PLR2004 - nothing to tell apart
        return None
    columns = {label: column for column, label in enumerate(np.unique(training.labels).tolist())}
    logits: list[Floats] = []
    truth: list[int] = []
    for held in _folds(training.labels[places]):
        chosen = np.ones(len(training.labels), bool)
        chosen[places[held]] = False
        linear = _linear(training, chosen, c)
        row = np.full((len(held), len(columns)), _ABSENT)
        row[:, [columns[label] for label in linear.labels]] = linear.logits(
            training.vectors[places[held]]
        )
        logits.append(row)
        truth.extend(columns[label] for label in training.labels[places[held]].tolist())
        if len(truth) >= _HELD_OUT_MAX:
            break
    return np.vstack(logits), np.array(truth, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What held-out predictions said, of `size` taught examples: temperature and thresholds.

    `own` are thresholds of labels with enough predictions of their own.
    """

    c: float
    temperature: float
    threshold: Threshold
    size: int
    own: Mapping[str, Threshold] = field(default_factory=dict)
    novelty: Novelty | None = None
    standing: Standing | None = None


def calibrate(training: Training, target_precision: float, c: float) -> Calibration:
    """Cross-validate; before there is enough to do so, a fixed and cautious guess."""
    size = int(training.taught.sum())
    found = held_out(training, c)
    if found is None:
        missing = max(1, max(_CALIBRATE_FROM, needed(target_precision)) - size)
        standing = Standing(target_precision, 0.0, missing, size)
        return Calibration(c, 1.0, Threshold(_COLD_THRESHOLD, met=False), size, standing=standing)
    logits, truth = found
    temperature = fit_temperature(logits, truth)
    confidences = softmax(logits / temperature, axis=1)
    sure, said = confidences.max(axis=1), confidences.argmax(axis=1)
    threshold = choose_threshold(sure, said == truth, target_precision)
    return Calibration(
        c,
        temperature,
        threshold,
        size,
        _own(np.unique(training.labels)[said], sure, said == truth, target_precision),
        _novelty(training, c),
        _standing(sure, said == truth, threshold, target_precision, size),
    )


def _own(
    said: npt.NDArray[np.str_], sure: Floats, right: Chosen, target: float
) -> dict[str, Threshold]:
    """Thresholds of the labels that were given often enough to be judged alone, and meet it."""
    enough = _ENOUGH * needed(target)
    found = {
        str(label): choose_threshold(sure[said == label], right[said == label], target)
        for label, count in zip(*np.unique(said, return_counts=True), strict=True)
        if count >= enough
    }
    return {label: one for label, one in found.items() if one.met}


def _standing(
    sure: Floats, right: Chosen, threshold: Threshold, target: float, size: int
) -> Standing:
    if threshold.met:
        return Standing(target, float((sure >= threshold.value).mean()), 0, size)
    factor = factor_needed(sure, right, target)
    missing = None if factor is None else max(1, round(size * (factor - 1)))
    return Standing(target, float((sure >= threshold.value).mean()), missing, size)


def _novelty(training: Training, c: float) -> Novelty | None:
    """Hide a third of the labels in turn, and a fifth of the other examples to compare with."""
    names = np.unique(training.labels[training.taught])
    if len(names) < _HIDDEN:
        return None
    rng = np.random.default_rng(0)
    part = dict(zip(names.tolist(), rng.permutation(len(names)) % _HIDDEN, strict=True))
    parts = np.array([part.get(label, -1) for label in training.labels.tolist()])
    kept = np.zeros(len(parts), bool)
    kept[rng.permutation(len(parts))[:_NOVELTY_MAX]] = True
    fold = rng.integers(_FOLDS, size=len(parts))
    rows, known = [], []
    for number in range(_HIDDEN):
        unknown = training.taught & (parts == number)
        held = training.taught & (parts != number) & (fold == number)
        linear = _linear(training, kept & (parts != number) & ~held, c)
        judged = kept & (unknown | held)
        rows.append(linear.signs(training.vectors[judged]))
        known.append(held[judged])
    return fit_novelty(rows, known)


def fit(training: Training, calibration: Calibration) -> Head:
    """Fit on everything; at least two labels must be present."""
    linear = _linear(training, np.ones(len(training.labels), bool), calibration.c)
    return Head(
        linear,
        calibration.temperature,
        calibration.threshold,
        calibration.own,
        calibration.novelty,
    )
