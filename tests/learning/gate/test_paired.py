"""Paired statistics agree with their definitions."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from learning.gate.paired import clearly_less, holm, needed, paired

outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200)


@given(outcomes)
def test_the_interval_holds_the_gain_and_p_is_mcnemars(pairs: list[tuple[bool, bool]]) -> None:
    old, new = (np.array(side, dtype=bool) for side in zip(*pairs, strict=True))
    found = paired(old, new)
    assert found.gain == pytest.approx(new.mean() - old.mean())
    low, high = found.interval(0.95)
    assert low - 1e-9 <= found.gain <= high + 1e-9
    if found.gained + found.lost:
        exact = binomtest(found.gained, found.gained + found.lost, 0.5)
        assert found.p == pytest.approx(exact.pvalue)
        worse = binomtest(found.lost, found.gained + found.lost, 0.5, alternative="greater")
        assert found.p_worse == pytest.approx(worse.pvalue)
    else:
        assert (found.p, found.p_worse) == (1.0, 1.0)


@given(outcomes)
def test_swapping_the_sides_negates_the_gain(pairs: list[tuple[bool, bool]]) -> None:
    old, new = (np.array(side, dtype=bool) for side in zip(*pairs, strict=True))
    forward, reverse = paired(old, new), paired(new, old)
    assert (forward.gained, forward.lost, forward.p) == (reverse.lost, reverse.gained, reverse.p)


def test_the_interval_agrees_with_a_bootstrap_over_messages() -> None:
    rng = np.random.default_rng(1)
    old, new = rng.random(400) < 0.8, rng.random(400) < 0.85
    found = paired(old, new).interval(0.9)
    gains = []
    for _ in range(4000):
        chosen = rng.integers(0, 400, 400)
        gains.append(new[chosen].mean() - old[chosen].mean())
    low, high = np.quantile(gains, [0.05, 0.95])
    assert found[0] == pytest.approx(low, abs=0.004)
    assert found[1] == pytest.approx(high, abs=0.004)


def test_no_messages_show_no_gain() -> None:
    found = paired(np.array([], bool), np.array([], bool))
    assert (found.gain, *found.interval(0.95), found.p) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("gain", "discordant"), [(0.03, 0.08), (0.02, 0.05), (0.05, 0.2)])
def test_the_needed_number_of_messages_has_80_percent_power(gain: float, discordant: float) -> None:
    size = needed(gain, discordant, 0.95)
    rng = np.random.default_rng(2)
    shares = [(discordant + gain) / 2, (discordant - gain) / 2, 1 - discordant]
    drawn = rng.multinomial(size, shares, size=4000)[:, :2]
    z = (drawn[:, 0] - drawn[:, 1]) / np.sqrt(drawn.sum(axis=1))
    assert (z > 1.96).mean() == pytest.approx(0.8, abs=0.03)
    with pytest.raises(ValueError, match="gain must be positive"):
        needed(0.0, discordant, 0.95)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_agrees_with_its_stepwise_definition(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(one >= p for one, p in zip(adjusted, p_values, strict=True))
    for (p, mine), (q, other) in combinations(zip(p_values, adjusted, strict=True), 2):
        assert (p <= q) <= (mine <= other)
    by_steps = 0
    for step, p in enumerate(sorted(p_values)):
        if p * (len(p_values) - step) > 0.05:
            break
        by_steps += 1
    assert sum(one <= 0.05 for one in adjusted) == by_steps


def test_noise_is_not_clearly_less_and_a_third_is() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        one, other = rng.lognormal(3, 1.0, (2, 200))
        assert not clearly_less(one, other, 2.0, 0.025)
    assert clearly_less(one, other / 20, 2.0, 0.025)
    assert not clearly_less(np.zeros(50), np.zeros(50), 2.0, 0.025)
    assert not clearly_less(np.array([]), np.array([]), 2.0, 0.025)
