"""The threshold is the lowest confidence that is shown to meet the target."""

import numpy as np
import pytest

from classifiers.local import crossvalidation
from classifiers.local.calibration import Threshold, choose_threshold


def test_what_is_wrong_below_it_keeps_the_threshold_up() -> None:
    confidence = np.linspace(0.99, 0.40, 100)
    found = choose_threshold(confidence, np.arange(100) < 60, 0.9)
    assert found.met
    assert confidence[65] <= found.value <= confidence[55]


def test_where_everything_was_right_confidence_below_it_is_taken_at_its_word() -> None:
    found = choose_threshold(np.linspace(0.99, 0.97, 100), np.ones(100, bool), 0.9)
    assert found.met
    assert found.value == pytest.approx(0.9)


def test_too_few_show_nothing() -> None:
    assert not choose_threshold(np.full(5, 0.99), np.ones(5, bool), 0.9).met


def test_the_middle_draw_decides_and_one_that_meets_nothing_comes_last() -> None:
    def judged(value: float, *, met: bool) -> crossvalidation.HeldOutVerdicts:
        none = np.zeros(0)
        return crossvalidation.HeldOutVerdicts(
            none.astype(int), none, none.astype(bool), Threshold(value, met=met)
        )

    low, high, unmet = judged(0.8, met=True), judged(0.96, met=True), judged(0.9, met=False)
    assert crossvalidation.middle([low]) is low
    assert crossvalidation.middle([unmet, high, low]) is high
    assert crossvalidation.middle([unmet, low, unmet]) is unmet
