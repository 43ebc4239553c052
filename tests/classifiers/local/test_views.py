"""Views are weighted by their performance on held-out examples."""

import numpy as np
import pytest

from classifiers.local.calibration import Floats
from classifiers.local.linear import Places
from classifiers.local.views import fit_weights


def scores(truth: Places, worth: float, seed: int) -> Floats:
    """Return noise over five labels, with the true label raised by `worth`."""
    found = np.random.default_rng(seed).normal(size=(len(truth), 5))
    found[np.arange(len(truth)), truth] += worth
    return found


def test_a_view_of_noise_gets_no_weight_and_a_better_view_more() -> None:
    truth = np.random.default_rng(0).integers(0, 5, size=4_000)
    views = [scores(truth, worth, seed) for seed, worth in enumerate((1.0, 2.0, 0.0, -1.0))]
    (good, better, none, wrong), _ = fit_weights(np.stack(views), truth)
    assert better > 1.5 * good > 0.5
    assert none < 0.1
    assert wrong == 0.0


def test_weights_make_scores_a_probability() -> None:
    """Normal noise with a true column raised by w has log-odds of w times the score."""
    truth = np.random.default_rng(0).integers(0, 5, size=20_000)
    views = np.zeros((4, len(truth), 5))
    views[0] = 10 * scores(truth, 1.5, 1)
    (first, *_), _ = fit_weights(views, truth)
    assert abs(first - 0.15) < 0.01


def test_a_few_right_examples_do_not_give_certainty() -> None:
    truth = np.arange(50) % 5
    views = np.stack([10.0 * np.eye(5)[truth]])
    [weight], _ = fit_weights(views, truth)
    sure = 1 / (1 + 4 * np.exp(-10.0 * weight))
    assert 1 - sure == pytest.approx(1 / 52, rel=0.25)
