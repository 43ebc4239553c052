"""Tests two windows of messages for drift in abstentions, label mix and accuracy."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import chi2_contingency, fisher_exact

from classifiers.plural import plural
from learning.config import ABSTENTIONS, ACCURACY, LABEL_MIX, WATCHED

_POINTS = 0.05  # smaller changes of a share do not matter, however significant
_MIX = 0.10  # the same for the total variation distance between label mixes
_EXPECTED = 5  # the least expected count of a cell for which a chi-squared test holds


@dataclass(frozen=True, slots=True)
class Drift:
    """A change: `what` names it, `message` describes it, `p` is its p-value."""

    what: str
    message: str
    p: float


def level(false_alarms: float) -> float:
    """Return the significance level of one test, from the false-alarm rate of all three."""
    return false_alarms / len(WATCHED)


def of_answers(before: Sequence[str], now: Sequence[str], level: float) -> list[Drift]:
    """Return changes in the share of abstentions and in the label mix; "" is an abstention."""
    found = [_abstentions(before, now, level), _mix(before, now, level)]
    return [drift for drift in found if drift is not None]


def of_judgements(before: Sequence[bool], now: Sequence[bool], level: float) -> list[Drift]:
    """Return a fall in accuracy on judged messages, or an empty list."""
    old, new = sum(before) / len(before), sum(now) / len(now)
    p = _fisher(sum(before), len(before), sum(now), len(now))
    if p > level or old - new < _POINTS:
        return []
    message = f"{new:.0%} of the last {len(now)} that agents judged were right, {old:.0%} before"
    return [Drift(ACCURACY, message, p)]


def _fisher(hits: int, size: int, other_hits: int, other_size: int) -> float:
    table = [[hits, size - hits], [other_hits, other_size - other_hits]]
    return float(fisher_exact(table).pvalue)


def _abstentions(before: Sequence[str], now: Sequence[str], level: float) -> Drift | None:
    old, new = before.count("") / len(before), now.count("") / len(now)
    p = _fisher(before.count(""), len(before), now.count(""), len(now))
    if p > level or abs(new - old) < _POINTS:
        return None
    requests = plural(len(now), "request")
    message = f"{new:.0%} of the last {requests} need a human, {old:.0%} before"
    return Drift(ABSTENTIONS, message, p)


def _mix(before: Sequence[str], now: Sequence[str], level: float) -> Drift | None:
    """Run a chi-squared test of homogeneity; labels expected less than five times are merged."""
    old, new = Counter(filter(None, before)), Counter(filter(None, now))
    total, share = old + new, new.total() / max(1, old.total() + new.total())
    rows: Counter[tuple[str, int]] = Counter()
    for label, count in total.items():
        rare = min(share, 1 - share) * count < _EXPECTED
        name = "others" if rare else label
        rows[name, 0] += old[label]
        rows[name, 1] += new[label]
    names = sorted({name for name, _ in rows})
    if len(names) < 2 or not old or not new:  # noqa: PLR2004 - a single label has no mix
        return None
    p = float(chi2_contingency([[rows[name, side] for name in names] for side in (0, 1)]).pvalue)
    shares = {name: (rows[name, 0] / old.total(), rows[name, 1] / new.total()) for name in names}
    distance = sum(abs(after - prior) for prior, after in shares.values()) / 2
    if p > level or distance < _MIX:
        return None
    moved = sorted(shares, key=lambda name: -abs(shares[name][1] - shares[name][0]))[:3]
    parts = ", ".join(f"{name} {shares[name][1]:.0%} (was {shares[name][0]:.0%})" for name in moved)
    return Drift(LABEL_MIX, f"of the last {plural(new.total(), 'label')}: {parts}", p)
