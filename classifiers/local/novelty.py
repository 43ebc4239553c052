"""Whether a text belongs to any label at all, learnt by hiding labels that are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from classifiers.base import Vectors
from classifiers.local.calibration import Floats

_WRONGLY_UNKNOWN = 0.05  # of messages that do belong to a label, at most so many are turned away
_PENALTY = 0.02


def signs(similarities: Vectors, logits: Floats) -> Floats:
    """What tells of the unknown, shape (n, 3): nearest similarity, best logit, its lead.

    `similarities` (n, examples) are cosines to what the head was fitted on, `logits` (n, labels).
    The best logit is the score of Hendrycks et al. (2022), the nearest neighbour that of Sun et
    al. (2022); the lead is the log of the best probability (Hendrycks & Gimpel, 2017).
    """
    best = logits.max(axis=1)
    lead = -np.log(np.exp(logits - best[:, None]).sum(axis=1))
    return np.column_stack([similarities.max(axis=1), best, lead])


@dataclass(frozen=True, slots=True)
class Novelty:
    """A logistic regression on `signs`, and the chance below which a text counts as unknown."""

    centre: Floats
    scale: Floats
    weights: Floats
    floor: float

    def known(self, found: Floats) -> Floats:
        """How likely each row of `signs` belongs to a label, were half of all texts unknown."""
        likely: Floats = expit(
            (found - self.centre) / self.scale @ self.weights[1:] + self.weights[0]
        )
        return likely


def fit_novelty(rows: Sequence[Floats], known: Sequence[npt.NDArray[np.bool_]]) -> Novelty | None:
    """Learn from `signs` of held-out texts, and whether their label had been shown (`known`).

    The floor is that of split conformal prediction: of known texts alike at most 5 % fall below
    it. None where there are too few of either kind to say so.
    """
    found, truth = np.vstack(rows), np.concatenate(known)
    rank = int(_WRONGLY_UNKNOWN * (truth.sum() + 1))
    if rank < 1 or not (~truth).any():
        return None
    centre, scale = found.mean(axis=0), np.maximum(found.std(axis=0), 1e-9)
    inputs = np.column_stack([np.ones(len(found)), (found - centre) / scale])
    shares = np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum())
    sides = np.where(truth, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margins = sides * (inputs @ weights)
        pull = -shares * sides * expit(-margins)
        value = shares @ np.logaddexp(0.0, -margins) + _PENALTY * weights @ weights
        return float(value), pull @ inputs + 2 * _PENALTY * weights

    fitted = minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B")
    novelty = Novelty(centre, scale, fitted.x, 0.0)
    scores = np.sort(novelty.known(found[truth]))
    return Novelty(centre, scale, fitted.x, float(scores[rank - 1]))
