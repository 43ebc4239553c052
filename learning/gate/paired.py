"""Two classifiers on the same messages: what the differences between them prove."""

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
    """Messages that only the challenger (`gained`) or only the champion (`lost`) had right."""

    size: int
    gained: int
    lost: int

    @property
    def gain(self) -> float:
        """Accuracy of the challenger less that of the champion."""
        return (self.gained - self.lost) / self.size if self.size else 0.0

    @property
    def discordant(self) -> float:
        """Share of messages that one had right and the other wrong."""
        return (self.gained + self.lost) / self.size if self.size else 0.0

    @property
    def p(self) -> float:
        """Exact two-sided p of McNemar's test: of no difference between the two."""
        both = self.gained + self.lost
        return float(binomtest(self.gained, both).pvalue) if both else 1.0

    @property
    def p_worse(self) -> float:
        """Exact one-sided p of McNemar's test: of the challenger being no worse."""
        return float(binom.sf(self.lost - 1, self.gained + self.lost, 0.5))

    def interval(self, confidence: float, seed: int = 0) -> tuple[float, float]:
        """Bounds of the gain by a bootstrap over messages, percentile method.

        Resampling messages with replacement draws how often each outcome is met, so one
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
    """Compare which messages each had right; both arrays have shape (n,), in the same order."""
    gained, lost = (challenger & ~champion).sum(), (champion & ~challenger).sum()
    return Paired(len(champion), int(gained), int(lost))


def needed(gain: float, discordant: float, confidence: float) -> int:
    """How many messages show this gain with 80 % certainty, if it and `discordant` are as seen.

    After Connor, "Sample size for testing differences in proportions for the paired-sample
    design" (1987). ValueError where there is no gain to show.
    """
    if gain <= 0:
        raise ValueError("no number of messages shows a gain that is none")
    spread = max(discordant, gain)
    level, power = norm.ppf((1 + confidence) / 2), norm.ppf(_POWER)
    root = level * math.sqrt(spread) + power * math.sqrt(max(0.0, spread - gain**2))
    return int(np.ceil((root / gain) ** 2))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the given order, after Holm (1979): tested many at once."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def clearly_less(champion: Numbers, challenger: Numbers, factor: float, level: float) -> bool:
    """Whether the challenger takes less than a `factor`-th on most messages, and not by chance.

    A sign test on pairs, which a few odd times or prices do not sway: the share of messages on
    which `champion >= factor * challenger` is above one half at one-sided `level`.
    """
    less = int(((champion >= factor * challenger) & (champion > 0)).sum())
    size = len(champion)
    return size > 0 and float(binom.sf(less - 1, size, 0.5)) <= level
