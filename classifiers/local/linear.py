"""Logistic regression on sentence vectors, with the examples that it was fitted on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from classifiers.base import Vectors
from classifiers.local.calibration import Floats
from classifiers.local.training_set import Training

_ITERATIONS = 100
_GRADIENT = 5e-5  # of the mean loss: further steps move no answer
_REMEMBERED = 5  # steps: the memory of ten costs L-BFGS as much time as the loss does
_NEAREST = 30
_NEARNESS = 20.0
_NO_VOTE = 1e-6

Chosen = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Linear:
    """Logits of `labels` for unit vectors: `centre` (d,), `coefficients` (labels, d + 1).

    `material` (n, d) is what it was fitted on, centred and of unit length, and `columns` (n,) its
    labels.
    """

    labels: tuple[str, ...]
    centre: Vectors
    coefficients: Vectors
    material: Vectors
    columns: Places

    def similarities(self, vectors: Vectors) -> Vectors:
        """Cosines to the material, shape (len(vectors), n)."""
        return centred(vectors, self.centre)[:, :-1] @ self.material.T

    def logits(self, vectors: Vectors) -> Floats:
        """Shape (len(vectors), labels)."""
        found: Floats = (centred(vectors, self.centre) @ self.coefficients.T).astype(np.float64)
        return found

    def votes(self, similar: Vectors) -> Floats:
        """Logarithms of each label's share in the 30 nearest examples, the nearer the heavier."""
        count = min(_NEAREST, similar.shape[1])
        near = np.argpartition(similar, -count, axis=1)[:, -count:]
        weights = np.exp(_NEARNESS * (np.take_along_axis(similar, near, axis=1) - 1.0))
        shares = np.full((len(similar), len(self.labels)), _NO_VOTE)
        np.add.at(shares, (np.arange(len(near))[:, None], self.columns[near]), weights)
        found: Floats = np.log(shares / shares.sum(axis=1, keepdims=True))
        return found


def centred(vectors: Vectors, centre: Vectors) -> Vectors:
    """What tells vectors apart: the mean taken off, length one again, and a column of ones."""
    found = np.ones((len(vectors), vectors.shape[1] + 1), dtype=np.float32)
    moved = np.subtract(vectors, centre, out=found[:, :-1])
    lengths = np.sqrt(np.einsum("ij,ij->i", moved, moved))
    moved /= np.maximum(lengths, 1e-9)[:, None]
    return found


def _first(start: Linear | None, labels: tuple[str, ...], width: int) -> Floats:
    if start is None or start.labels != labels or start.coefficients.shape[1] != width:
        return np.zeros(len(labels) * width)
    return start.coefficients.astype(np.float64).ravel()


def fit_linear(training: Training, chosen: Chosen, c: float, start: Linear | None = None) -> Linear:
    """Multinomial logistic regression with an L2 penalty, by L-BFGS; the intercept is free.

    From `start`, an earlier fit of the same labels, it takes few steps. The end is the same.
    """
    weights = training.weights[chosen].astype(np.float32)
    names, columns = np.unique(training.labels[chosen], return_inverse=True)
    taught = training.features.vectors
    vectors = taught if chosen.all() else taught[chosen]
    centre: Vectors = vectors.mean(axis=0)
    inputs = centred(vectors, centre)
    del taught, vectors  # as large as all that was taught
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
        _first(start, tuple(names.tolist()), inputs.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ITERATIONS, "gtol": _GRADIENT, "maxcor": _REMEMBERED},
    )
    coefficients = found.x.reshape(len(names), -1).astype(np.float32)
    return Linear(tuple(names.tolist()), centre, coefficients, inputs[:, :-1], columns)
