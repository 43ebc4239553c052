"""Views: several models of the same examples, stacked with weights from held-out predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import minimize

from classifiers.base import Vectors
from classifiers.local.calibration import Floats
from classifiers.local.discriminant import Discriminant, fit_discriminant, means
from classifiers.local.linear import Chosen, Linear, Places, centred, fit_linear
from classifiers.local.tfidf import Words, fit_words
from classifiers.local.training_set import Features, Training

Weights = tuple[float, ...]

UNTUNED: Weights = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Weights before there are held-out predictions: the regression alone."""

_LEAST = 0.01  # minimum weight of the regression: with all weights 0, no label would lead


@dataclass(frozen=True, slots=True)
class Views:
    """Models fitted to the same examples; `names` (labels, d) are prototypes of label phrases."""

    linear: Linear
    discriminant: Discriminant
    names: Vectors
    words: Words

    def each(self, features: Features, similar: Vectors) -> tuple[Callable[[], Floats], ...]:
        """Return functions that compute each view's scores, shape (len(features), labels).

        `similar` (len(features), n) are the cosines to the n examples.
        """
        moved = centred(features.vectors, self.linear.centre)[:, :-1]
        return (
            partial(self.linear.logits, features.vectors),
            partial(self.linear.votes, similar),
            partial(self.discriminant.scores, moved),
            partial(np.matmul, moved, self.names.T),
            partial(self.words.likeness, features.counts),
            partial(self.words.likelihood, features.counts),
        )

    def mixed(self, features: Features, similar: Vectors, weights: Weights) -> Floats:
        """Return the logits: the weighted sum of scores. A view with weight 0 is not computed."""
        views = zip(weights, self.each(features, similar), strict=True)
        found: Floats = np.sum([weight * view() for weight, view in views if weight], axis=0)
        return found


def fit_views(training: Training, chosen: Chosen, c: float, start: Linear | None = None) -> Views:
    """Return views fitted to the chosen examples; the regression starts from an earlier fit."""
    linear = fit_linear(training, chosen, c, start)
    columns, weights = linear.columns, training.weights[chosen]
    light = weights.astype(np.float32)
    names = means(linear.material, columns, np.where(training.taught[chosen], 0, light))
    names /= np.maximum(np.linalg.norm(names, axis=1, keepdims=True), 1e-9)
    return Views(
        linear,
        fit_discriminant(linear.material, columns, light),
        names,
        fit_words(training.features.counts[chosen], columns, weights),
    )


def fit_weights(scores: Floats, truth: Places) -> tuple[Weights, float]:
    """Return the non-negative weights with the lowest log-loss on held-out examples, and the loss.

    `scores` has shape (views, n, labels), `truth` are the true columns, (n,). This is stacking
    after Wolpert (1992) and Breiman (1996). It is convex, and includes the temperature of Guo et
    al., "On Calibration of Modern Neural Networks" (2017). If a few examples are all right, the
    weights must not grow without limit: by the rule of succession, as in Platt (1999), the next
    example is wrong with probability 1 / (n + 2), which is spread over the labels.
    """
    rows, doubt = np.arange(len(truth)), 1.0 / (len(truth) + 2)

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = np.tensordot(weights, scores, 1)
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        totals = odds.sum(axis=1, keepdims=True)
        hoped = (1.0 - doubt) * logits[rows, truth] + doubt * logits.mean(axis=1)
        value = (np.log(totals[:, 0]) - hoped).mean()
        odds /= totals
        odds -= doubt / scores.shape[2]
        odds[rows, truth] -= 1.0 - doubt
        return float(value), np.tensordot(scores, odds, 2) / len(truth)

    bounds = [(_LEAST, None), *[(0.0, None)] * (len(scores) - 1)]
    found = minimize(loss, np.eye(len(scores))[0], jac=True, method="L-BFGS-B", bounds=bounds)
    return tuple(found.x.tolist()), float(found.fun)
