"""Linear discriminant analysis with a shrunk covariance.

Directions in which the examples of a label vary count less.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from classifiers.base import Vectors
from classifiers.local.calibration import Floats

_SHRINKAGE = 0.3  # weight of the identity matrix in the covariance
_NOTHING = np.float32(1e-9)
_ROWS = 1024  # examples at a time: a copy of all examples would fill the memory


@dataclass(frozen=True, slots=True)
class Discriminant:
    """A linear discriminant: `coefficients` (labels, d) and `offsets` (labels,).

    It takes vectors that are centred like those it was fitted on.
    """

    coefficients: Vectors
    offsets: Vectors

    def scores(self, vectors: Vectors) -> Floats:
        """Return the log-odds up to a factor, shape (len(vectors), labels)."""
        found: Floats = (vectors @ self.coefficients.T - self.offsets).astype(np.float64)
        return found


def means(vectors: Vectors, columns: npt.NDArray[np.int64], weights: Vectors) -> Vectors:
    """Return the weighted mean vector (prototype) of each label, shape (labels, d).

    It is 0 for labels without weight. `vectors` has shape (n, d), `columns` and `weights` (n,).
    """
    membership: Vectors = np.zeros((len(columns), columns.max() + 1), dtype=np.float32)
    membership[np.arange(len(columns)), columns] = weights
    found: Vectors = membership.T @ vectors
    found /= np.maximum(membership.sum(axis=0), _NOTHING)[:, None]
    return found


def fit_discriminant(
    vectors: Vectors, columns: npt.NDArray[np.int64], weights: Vectors
) -> Discriminant:
    """Return the discriminant of centred vectors (n, d), label columns (n,) and weights (n,)."""
    size = vectors.shape[1]
    prototypes = means(vectors, columns, weights)
    covariance = np.zeros((size, size), dtype=np.float32)
    for start in range(0, len(vectors), _ROWS):
        rows = slice(start, start + _ROWS)
        deviations = vectors[rows] - prototypes[columns[rows]]
        deviations *= np.sqrt(weights[rows])[:, None]
        covariance += deviations.T @ deviations
    covariance *= (1.0 - _SHRINKAGE) * size / max(float(np.trace(covariance)), 1e-9)
    covariance[np.diag_indices(size)] += _SHRINKAGE
    coefficients = cho_solve(cho_factor(covariance, overwrite_a=True), prototypes.T).T
    return Discriminant(coefficients, 0.5 * (coefficients * prototypes).sum(axis=1))
