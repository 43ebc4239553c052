"""Drift tests find real changes, and false alarms are as rare as configured."""

import numpy as np
import pytest

from learning.feedback.drift import level, of_answers, of_judgements

SHARES = {"": 0.15, "A": 0.4, "B": 0.3, "C": 0.12, "D": 0.03}
LEVEL = level(0.01)


def drawn(rng: np.random.Generator, size: int, shares: dict[str, float]) -> list[str]:
    return [str(one) for one in rng.choice(list(shares), size, p=list(shares.values()))]


def test_false_alarms_are_as_rare_as_configured() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        alarms += bool(of_answers(drawn(rng, 1000, SHARES), drawn(rng, 200, SHARES), LEVEL))
        before, now = rng.random(300) < 0.7, rng.random(50) < 0.7
        alarms += bool(of_judgements(before.tolist(), now.tolist(), LEVEL))
    assert alarms <= 8


@pytest.mark.parametrize(
    ("shares", "what"),
    [
        (SHARES | {"": 0.35, "A": 0.2}, "abstentions"),
        (SHARES | {"A": 0.15, "D": 0.28}, "label mix"),
    ],
)
def test_the_kind_of_change_is_named(shares: dict[str, float], what: str) -> None:
    rng = np.random.default_rng(1)
    found = of_answers(drawn(rng, 1000, SHARES), drawn(rng, 200, shares), LEVEL)
    assert what in [one.what for one in found]
    assert all(one.p <= LEVEL for one in found)


def test_a_fall_in_accuracy_is_reported_but_not_a_rise() -> None:
    good, bad = [True] * 270 + [False] * 30, [True] * 30 + [False] * 20
    [found] = of_judgements(good, bad, LEVEL)
    assert "60% of the last 50" in found.message
    assert of_judgements(bad * 5, [True] * 50, LEVEL) == []


def test_abstentions_alone_have_no_label_mix() -> None:
    assert of_answers([""] * 300, [""] * 200, LEVEL) == []
