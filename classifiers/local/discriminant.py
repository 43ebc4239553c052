"""Linear discriminant analysis, its covariance shrunk: what spreads within labels counts less."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from classifiers.base import Vectors
from classifiers.local.calibration import Floats

_SHRINKAGE = 0.3  # towards the same spread in all directions
_NOTHING = np.float32(1e-9)
_ROWS = 1024  # at a time: a copy of all that was taught would fill the memory


@dataclass(frozen=True, slots=True)
class Discriminant:
    """`coefficients` (labels, d) and `offsets` (labels,) of vectors centred as it was fitted."""

    coefficients: Vectors
    offsets: Vectors

    def scores(self, vectors: Vectors) -> Floats:
        """Log-odds but for a factor, shape (len(vectors), labels)."""
        found: Floats = (vectors @ self.coefficients.T - self.offsets).astype(np.float64)
        return found


def means(vectors: Vectors, columns: npt.NDArray[np.int64], weights: Vectors) -> Vectors:
    """The weighted mean of each label's vectors, shape (labels, d); 0 where all weights are."""
    whose: Vectors = np.zeros((len(columns), columns.max() + 1), dtype=np.float32)
    whose[np.arange(len(columns)), columns] = weights
    found: Vectors = whose.T @ vectors
    found /= np.maximum(whose.sum(axis=0), _NOTHING)[:, None]
    return found


def fit_discriminant(
    vectors: Vectors, columns: npt.NDArray[np.int64], weights: Vectors
) -> Discriminant:
    """From centred vectors (n, d), the numbers of their labels and what each counts, (n,)."""
    size = vectors.shape[1]
    centres = means(vectors, columns, weights)
    spread = np.zeros((size, size), dtype=np.float32)
    for start in range(0, len(vectors), _ROWS):
        rows = slice(start, start + _ROWS)
        apart = vectors[rows] - centres[columns[rows]]
        apart *= np.sqrt(weights[rows])[:, None]
        spread += apart.T @ apart
    spread *= (1.0 - _SHRINKAGE) * size / max(float(np.trace(spread)), 1e-9)
    spread[np.diag_indices(size)] += _SHRINKAGE
    coefficients = cho_solve(cho_factor(spread, overwrite_a=True), centres.T).T
    return Discriminant(coefficients, 0.5 * (coefficients * centres).sum(axis=1))
