"""Multinomial logistic regression on sentence vectors, and votes of the nearest examples."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from classifiers.base import Vectors
from classifiers.local.calibration import Floats
from classifiers.local.training_set import Training

_ITERATIONS = 100
_GRADIENT = 5e-5  # of the mean loss; stop below it, as more steps change no answer
_REMEMBERED = 5  # steps that L-BFGS keeps; with ten, its own work takes as long as the loss
_NEAREST = 30
_NEARNESS = 20.0  # how fast a vote falls with the cosine distance
_NO_VOTE = 1e-6  # share of a label without votes, for its logarithm

Chosen = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted regression: `centre` (d,) and `coefficients` (labels, d + 1).

    `material` (n, d) are the vectors it was fitted on, centred and of unit length, and `columns`
    (n,) the numbers of their labels.
    """

    labels: tuple[str, ...]
    centre: Vectors
    coefficients: Vectors
    material: Vectors
    columns: Places

    def similarities(self, vectors: Vectors) -> Vectors:
        """Return the cosines of unit vectors to the material, shape (len(vectors), n)."""
        return centred(vectors, self.centre)[:, :-1] @ self.material.T

    def logits(self, vectors: Vectors) -> Floats:
        """Return the logits of unit vectors, shape (len(vectors), labels)."""
        found: Floats = (centred(vectors, self.centre) @ self.coefficients.T).astype(np.float64)
        return found

    def votes(self, similar: Vectors) -> Floats:
        """Return the log of each label's share of votes, shape (len(similar), labels).

        The 30 nearest examples vote with weights that rise with their cosine in `similar`.
        """
        count = min(_NEAREST, similar.shape[1])
        near = np.argpartition(similar, -count, axis=1)[:, -count:]
        weights = np.exp(_NEARNESS * (np.take_along_axis(similar, near, axis=1) - 1.0))
        shares = np.full((len(similar), len(self.labels)), _NO_VOTE)
        np.add.at(shares, (np.arange(len(near))[:, None], self.columns[near]), weights)
        found: Floats = np.log(shares / shares.sum(axis=1, keepdims=True))
        return found


def centred(vectors: Vectors, centre: Vectors) -> Vectors:
    """Subtract the centre, scale to unit length, and append a column of ones: (n, d + 1)."""
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
    """Fit a multinomial logistic regression to the chosen examples with L-BFGS.

    `c` is the inverse strength of the L2 penalty, which spares the intercept. `start`, an earlier
    fit of the same labels, saves steps and does not change the result.
    """
    weights = training.weights[chosen].astype(np.float32)
    names, columns = np.unique(training.labels[chosen], return_inverse=True)
    taught = training.features.vectors
    vectors = taught if chosen.all() else taught[chosen]
    centre: Vectors = vectors.mean(axis=0)
    inputs = centred(vectors, centre)
    del taught, vectors  # free memory: each is as large as all examples
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
