"""Judges a challenger's shadow answers by agents' labels of the same live messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from learning.gate.paired import Paired, paired
from storage.examples.examples import StoredExample
from storage.shadows import ShadowAnswer


@dataclass(frozen=True, slots=True)
class ShadowFigures:
    """Messages answered in shadow, and the paired change on those that agents have judged.

    Agents tend to judge wrong answers of the champion first, which favours the challenger: a loss
    here counts, a gain proves nothing.
    """

    answered: int
    change: Paired
    p50_ms: float
    usd_per_1000: float


def figures(
    answers: Mapping[str, ShadowAnswer], judged: Sequence[StoredExample | None]
) -> ShadowFigures:
    """Return a challenger's figures; `judged` has each message's current example, or None."""
    pairs = [
        (answers[example.id].champion == example.label, answers[example.id].label == example.label)
        for example in judged
        if example is not None and example.source != "import" and example.id in answers
    ]
    old = np.array([before for before, _ in pairs], dtype=bool)
    new = np.array([after for _, after in pairs], dtype=bool)
    times = [answer.ms for answer in answers.values()]
    return ShadowFigures(
        answered=len(answers),
        change=paired(old, new),
        p50_ms=float(np.median(times)) if times else 0.0,
        usd_per_1000=1000 * sum(answer.usd for answer in answers.values()) / max(1, len(answers)),
    )
