"""The threshold is the lowest confidence that meets the target on held-out predictions."""

import numpy as np
import pytest

from classifiers.local import crossvalidation
from classifiers.local.calibration import Threshold, choose_threshold


def test_errors_at_low_confidence_raise_the_threshold() -> None:
    confidence = np.linspace(0.99, 0.40, 100)
    found = choose_threshold(confidence, np.arange(100) < 60, 0.9)
    assert found.met
    assert confidence[65] <= found.value <= confidence[55]


def test_if_all_predictions_are_right_the_target_limits_the_threshold() -> None:
    found = choose_threshold(np.linspace(0.99, 0.97, 100), np.ones(100, bool), 0.9)
    assert found.met
    assert found.value == pytest.approx(0.9)


def test_too_few_predictions_do_not_meet_the_target() -> None:
    assert not choose_threshold(np.full(5, 0.99), np.ones(5, bool), 0.9).met


def test_the_median_draw_is_chosen_and_unmet_draws_come_last() -> None:
    def judged(value: float, *, met: bool) -> crossvalidation.HeldOutVerdicts:
        none = np.zeros(0)
        return crossvalidation.HeldOutVerdicts(
            none.astype(int), none, none.astype(bool), Threshold(value, met=met)
        )

    low, high, unmet = judged(0.8, met=True), judged(0.96, met=True), judged(0.9, met=False)
    assert crossvalidation.middle([low]) is low
    assert crossvalidation.middle([unmet, high, low]) is high
    assert crossvalidation.middle([unmet, low, unmet]) is unmet
