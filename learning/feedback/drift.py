"""Whether messages or the bot's answers to them have changed: tests between two windows, pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import chi2_contingency, fisher_exact

from classifiers.plural import plural
from learning.config import ABSTENTIONS, ACCURACY, LABEL_MIX, WATCHED

_POINTS = 0.05  # smaller changes of a share are no news, however sure they are
_MIX = 0.10
_EXPECTED = 5


@dataclass(frozen=True, slots=True)
class Drift:
    """Something that has changed: `what` names it, `said` puts it in words, `p` is its chance."""

    what: str
    said: str
    p: float


def level(false_alarms: float) -> float:
    """The level of one test, so that all three together give so many false alarms a window."""
    return false_alarms / len(WATCHED)


def of_answers(before: Sequence[str], now: Sequence[str], level: float) -> list[Drift]:
    """Changes in the share left to humans and in the mix of labels; "" stands for no label."""
    found = [_abstentions(before, now, level), _mix(before, now, level)]
    return [one for one in found if one is not None]


def of_judgements(before: Sequence[bool], now: Sequence[bool], level: float) -> list[Drift]:
    """A fall in accuracy on the messages that agents judged."""
    old, new = sum(before) / len(before), sum(now) / len(now)
    p = _fisher(sum(before), len(before), sum(now), len(now))
    if p > level or old - new < _POINTS:
        return []
    said = f"right in {new:.0%} of the last {len(now)} that agents judged, {old:.0%} before"
    return [Drift(ACCURACY, said, p)]


def _fisher(hits: int, size: int, other_hits: int, other_size: int) -> float:
    table = [[hits, size - hits], [other_hits, other_size - other_hits]]
    return float(fisher_exact(table).pvalue)


def _abstentions(before: Sequence[str], now: Sequence[str], level: float) -> Drift | None:
    old, new = before.count("") / len(before), now.count("") / len(now)
    p = _fisher(before.count(""), len(before), now.count(""), len(now))
    if p > level or abs(new - old) < _POINTS:
        return None
    messages = plural(len(now), "message was", "messages were")
    said = f"{new:.0%} of the last {messages} left to a human, {old:.0%} before"
    return Drift(ABSTENTIONS, said, p)


def _mix(before: Sequence[str], now: Sequence[str], level: float) -> Drift | None:
    """Chi-squared test of homogeneity; labels too rare to expect five of are taken together."""
    old, new = Counter(filter(None, before)), Counter(filter(None, now))
    total, share = old + new, new.total() / max(1, old.total() + new.total())
    rows: Counter[tuple[str, int]] = Counter()
    for label, count in total.items():
        rare = min(share, 1 - share) * count < _EXPECTED
        name = "others" if rare else label
        rows[name, 0] += old[label]
        rows[name, 1] += new[label]
    names = sorted({name for name, _ in rows})
    if len(names) < 2 or not old or not new:  # noqa: PLR2004 - nothing to mix
        return None
    p = float(chi2_contingency([[rows[name, side] for name in names] for side in (0, 1)]).pvalue)
    shares = {name: (rows[name, 0] / old.total(), rows[name, 1] / new.total()) for name in names}
    distance = sum(abs(after - prior) for prior, after in shares.values()) / 2
    if p > level or distance < _MIX:
        return None
    moved = sorted(shares, key=lambda name: -abs(shares[name][1] - shares[name][0]))[:3]
    parts = ", ".join(f"{one} {shares[one][1]:.0%} (was {shares[one][0]:.0%})" for one in moved)
    return Drift(LABEL_MIX, f"of the last {plural(new.total(), 'label')}: {parts}", p)
