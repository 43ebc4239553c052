"""Novelty detection: recognize texts that belong to no label, learnt by hiding known labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from classifiers.base import Vectors
from classifiers.local.calibration import Floats

_WRONGLY_UNKNOWN = 0.05  # maximum share of messages with a known label that count as unknown
_PENALTY = 0.02  # L2


def novelty_features(similarities: Vectors, logits: Floats) -> Floats:
    """Return the features of novelty, shape (n, 3): highest similarity, best logit, its lead.

    `similarities` (n, examples) are cosines to the examples of the head, `logits` (n, labels).
    The best logit is the score of Hendrycks et al. (2022), and the highest similarity that of Sun
    et al. (2022). The lead is the log of the best probability (Hendrycks and Gimpel, 2017).
    """
    best = logits.max(axis=1)
    lead = -np.log(np.exp(logits - best[:, None]).sum(axis=1))
    return np.column_stack([similarities.max(axis=1), best, lead])


@dataclass(frozen=True, slots=True)
class Novelty:
    """A logistic regression on `novelty_features`.

    A text counts as unknown if its probability of belonging to a label is below `floor`.
    """

    centre: Floats
    scale: Floats
    weights: Floats
    floor: float

    def known(self, found: Floats) -> Floats:
        """Return the probability that each row of features belongs to a label, shape (n,).

        The prior is that half of all texts are unknown.
        """
        likely: Floats = expit(
            (found - self.centre) / self.scale @ self.weights[1:] + self.weights[0]
        )
        return likely


def fit_novelty(rows: Sequence[Floats], known: Sequence[npt.NDArray[np.bool_]]) -> Novelty | None:
    """Fit to the features of held-out texts; `known` is True if their label was not hidden.

    The floor is that of split conformal prediction (Vovk et al., 2005): at most 5 % of texts of
    known labels fall below it. Return None with too few texts of either kind.
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
