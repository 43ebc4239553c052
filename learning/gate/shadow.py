"""How a challenger in shadow fares against what agents said of the same live messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from learning.gate.paired import Paired, paired
from storage.examples.examples import StoredExample
from storage.shadows import ShadowAnswer


@dataclass(frozen=True, slots=True)
class ShadowFigures:
    """Live messages answered in shadow, and the paired change on those that agents judged.

    Agents judge what looks wrong in the champion's answers first, which favours the challenger:
    a loss here is telling, a gain is not.
    """

    answered: int
    change: Paired
    p50_ms: float
    usd_per_1000: float


def figures(
    answers: Mapping[str, ShadowAnswer], judged: Sequence[StoredExample | None]
) -> ShadowFigures:
    """Figures of one challenger; `judged` are the standing examples of its messages, None: none."""
    pairs = [
        (answers[one.id].champion == one.label, answers[one.id].label == one.label)
        for one in judged
        if one is not None and one.source != "import" and one.id in answers
    ]
    old = np.array([before for before, _ in pairs], dtype=bool)
    new = np.array([after for _, after in pairs], dtype=bool)
    times = [one.ms for one in answers.values()]
    return ShadowFigures(
        answered=len(answers),
        change=paired(old, new),
        p50_ms=float(np.median(times)) if times else 0.0,
        usd_per_1000=1000 * sum(one.usd for one in answers.values()) / max(1, len(answers)),
    )
