"""Paired statistics of two classifiers on the same messages: McNemar, bootstrap, Holm."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, binomtest, norm

_RESAMPLES = 10_000
_POWER = 0.8

Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Paired:
    """The number of messages that only the challenger (`gained`) or champion (`lost`) got right."""

    size: int
    gained: int
    lost: int

    @property
    def gain(self) -> float:
        """Return the challenger's accuracy minus the champion's."""
        return (self.gained - self.lost) / self.size if self.size else 0.0

    @property
    def discordant(self) -> float:
        """Return the share of messages that exactly one of the two got right."""
        return (self.gained + self.lost) / self.size if self.size else 0.0

    @property
    def p(self) -> float:
        """Return McNemar's exact two-sided p of no difference between the two."""
        both = self.gained + self.lost
        return float(binomtest(self.gained, both).pvalue) if both else 1.0

    @property
    def p_worse(self) -> float:
        """Return McNemar's exact one-sided p of the challenger being no worse."""
        return float(binom.sf(self.lost - 1, self.gained + self.lost, 0.5))

    def interval(self, confidence: float, seed: int = 0) -> tuple[float, float]:
        """Return the bounds of the gain by a bootstrap over messages, percentile method.

        A resample of messages with replacement only changes the count of each outcome, so one
        multinomial draw is one resample.
        """
        if self.size == 0:
            return 0.0, 0.0
        same = self.size - self.gained - self.lost
        shares = np.array([self.gained, self.lost, same]) / self.size
        drawn = np.random.default_rng(seed).multinomial(self.size, shares, size=_RESAMPLES)
        gains = (drawn[:, 0] - drawn[:, 1]) / self.size
        low, high = np.quantile(gains, [(1 - confidence) / 2, (1 + confidence) / 2])
        return float(low), float(high)


def paired(champion: Bools, challenger: Bools) -> Paired:
    """Count the differences between two arrays of right answers, shape (n,), in the same order."""
    gained, lost = (challenger & ~champion).sum(), (champion & ~challenger).sum()
    return Paired(len(champion), int(gained), int(lost))


def needed(gain: float, discordant: float, confidence: float) -> int:
    """Return how many messages prove this gain with 80 % power, given the share `discordant`.

    After Connor, "Sample size for testing differences in proportions for the paired-sample
    design" (1987). Raise ValueError if the gain is not positive.
    """
    if gain <= 0:
        raise ValueError("gain must be positive: a loss stays a loss with any number of messages")
    spread = max(discordant, gain)
    level, power = norm.ppf((1 + confidence) / 2), norm.ppf(_POWER)
    root = level * math.sqrt(spread) + power * math.sqrt(max(0.0, spread - gain**2))
    return int(np.ceil((root / gain) ** 2))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for testing them together, in the given order; Holm (1979)."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def clearly_less(champion: Numbers, challenger: Numbers, factor: float, level: float) -> bool:
    """Return True if the champion takes at least `factor` times as much on most messages.

    A sign test on pairs, robust against outliers among times and prices: the share of messages
    with `champion >= factor * challenger` is above one half at one-sided `level`.
    """
    less = int(((champion >= factor * challenger) & (champion > 0)).sum())
    size = len(champion)
    return size > 0 and float(binom.sf(less - 1, size, 0.5)) <= level
