"""Decides from paired answers if a challenger becomes the champion, with reasons; pure."""

from dataclasses import dataclass

from classifiers.plural import plural
from learning.config import GateConfig
from learning.gate.comparison import Comparison
from learning.gate.paired import Paired, needed
from learning.gate.shadow import ShadowFigures


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision; `reasons` explain it, `missing` lists what a promotion still needs."""

    promote: bool
    reasons: tuple[str, ...]
    missing: tuple[str, ...] = ()


def decide(found: Comparison, config: GateConfig, shadow: ShadowFigures | None = None) -> Verdict:
    """Promote on a real gain, or if not worse and clearly cheaper or faster; otherwise keep.

    `shadow` holds the challenger's figures on live messages: they can only prevent a promotion.
    """
    change, level = found.change, 1 - config.confidence
    if change.size < config.minimum_examples:
        more = config.minimum_examples - change.size
        return Verdict(
            promote=False,
            reasons=(f"only {change.size} held-out examples",),
            missing=(f"{more} more held-out examples, before the models can be compared",),
        )
    against = [*_against(found, config, level), *_in_shadow(shadow, level)]
    gains = _gains(found, config, level)
    if gains and not against:
        return Verdict(promote=True, reasons=tuple(gains))
    missing = against or [_what_would_decide(change, config)]
    reasons = gains or [_no_gain(change)]
    return Verdict(promote=False, reasons=tuple(reasons), missing=tuple(missing))


def more_right(change: Paired) -> str:
    """Return the difference in right labels, such as "got 12 more of 205 requests right"."""
    of = f"of {plural(change.size, 'request')} right"
    if change.gained == change.lost:
        return f"got as many {of} as the model in use"
    more = "more" if change.gained > change.lost else "fewer"
    return f"got {abs(change.gained - change.lost):,} {more} {of}"


def _gain(change: Paired) -> str:
    return f"{more_right(change)} ({change.gain:+.1%} accuracy)"


def _no_gain(change: Paired) -> str:
    if change.gain <= 0:
        return f"no gain: it {_gain(change)}"
    return f"no clear gain: it {_gain(change)}, which may be chance"


def _gains(found: Comparison, config: GateConfig, level: float) -> list[str]:
    low, _ = found.interval
    if low > 0 and found.change.p <= level:
        return [f"it {_gain(found.change)}, more than chance explains"]
    if low < -config.not_worse_margin:
        return []
    better = []
    if found.cheaper:
        better.append(
            f"not worse by {config.not_worse_margin:.0%}, and cheaper: "
            f"${found.challenger.usd_per_1000:.2f} instead of "
            f"${found.champion.usd_per_1000:.2f} for 1,000 requests"
        )
    if found.faster:
        better.append(
            f"not worse by {config.not_worse_margin:.0%}, and faster: "
            f"{found.challenger.figures.p50_ms:.0f} instead of "
            f"{found.champion.figures.p50_ms:.0f} ms"
        )
    return better


def _against(found: Comparison, config: GateConfig, level: float) -> list[str]:
    """Return the reasons that prevent a promotion even if the challenger gains."""
    reasons = [
        f"label {worse.label} got worse: {worse.change.lost} of its "
        f"{plural(worse.change.size, 'request')} lost, {worse.change.gained} gained"
        for worse in found.labels
        if worse.p_worse <= level
    ]
    if found.useful.p_worse <= level / 2:
        reasons.append(
            "fewer requests get their right label: "
            f"{found.useful.gain:+.1%} of all, counting those it is unsure of"
        )
    if not found.precise:
        reasons.append(
            f"only {found.challenger.figures.precision:.1%} of the labels it gives are right: "
            "below target_precision"
        )
    p99 = found.challenger.figures.p99_ms
    if config.p99_ms is not None and p99 > config.p99_ms:
        reasons.append(
            f"1 in 100 requests takes {p99:.0f} ms or more: "
            f"over the limit of {config.p99_ms:.0f} ms ([gate] p99_ms)"
        )
    cost = found.challenger.usd_per_1000
    if config.usd_per_1000 is not None and cost > config.usd_per_1000:
        reasons.append(
            f"1,000 requests cost ${cost:.2f}: over the limit of "
            f"${config.usd_per_1000:.2f} ([gate] usd_per_1000)"
        )
    return reasons


def _in_shadow(shadow: ShadowFigures | None, level: float) -> list[str]:
    if shadow is None or shadow.change.p_worse > level / 2:
        return []
    change = shadow.change
    counts = f"{change.lost} of {change.size} lost, {change.gained} gained"
    return [f"worse on live requests that agents judged: {counts}"]


def _what_would_decide(change: Paired, config: GateConfig) -> str:
    if change.gain <= 0:
        return "a better model: more held-out examples would not change the result"
    wanted = needed(change.gain, change.discordant, config.confidence)
    more = max(1, wanted - change.size)
    return (
        f"about {more:,} more held-out examples: with them, a true gain of {change.gain:.1%} would "
        "be shown four times in five"
    )
