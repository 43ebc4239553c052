"""Whether a challenger becomes the champion: a pure decision on paired answers, with reasons."""

from dataclasses import dataclass

from learning.config import GateConfig
from learning.gate.comparison import Comparison
from learning.gate.paired import Paired, needed
from learning.gate.shadow import ShadowFigures


@dataclass(frozen=True, slots=True)
class Verdict:
    """Promote or keep; `reasons` say why, `missing` what would have to be otherwise."""

    promote: bool
    reasons: tuple[str, ...]
    missing: tuple[str, ...] = ()


def decide(found: Comparison, config: GateConfig, shadow: ShadowFigures | None = None) -> Verdict:
    """Promote on a real gain, or where not worse and clearly cheaper or faster; else keep.

    `shadow` is what the challenger said to live messages, which can only speak against it.
    """
    change, level = found.change, 1 - config.confidence
    if change.size < config.minimum_examples:
        more = config.minimum_examples - change.size
        return Verdict(
            promote=False,
            reasons=(f"only {change.size} held-out examples",),
            missing=(f"{more} more held-out examples before anything can be said",),
        )
    against = [*_against(found, config, level), *_in_shadow(shadow, level)]
    gains = _gains(found, config, level)
    if gains and not against:
        return Verdict(promote=True, reasons=tuple(gains))
    missing = against or [_what_would_decide(change, config)]
    reasons = gains or [f"no gain is shown: {_shown(found, config)}"]
    return Verdict(promote=False, reasons=tuple(reasons), missing=tuple(missing))


def _shown(found: Comparison, config: GateConfig) -> str:
    low, high = found.interval
    return (
        f"{found.change.gain:+.1%} accuracy, {config.confidence:.0%} interval "
        f"{low:+.1%} to {high:+.1%}, p = {found.change.p:.3f}"
    )


def _gains(found: Comparison, config: GateConfig, level: float) -> list[str]:
    low, _ = found.interval
    if low > 0 and found.change.p <= level:
        return [_shown(found, config)]
    if low < -config.not_worse_margin:
        return []
    better = []
    if found.cheaper:
        better.append(
            f"not worse by {config.not_worse_margin:.0%}, and cheaper: "
            f"${found.challenger.usd_per_1000:.2f} instead of "
            f"${found.champion.usd_per_1000:.2f} for 1,000 messages"
        )
    if found.faster:
        better.append(
            f"not worse by {config.not_worse_margin:.0%}, and faster: "
            f"{found.challenger.figures.p50_ms:.0f} instead of "
            f"{found.champion.figures.p50_ms:.0f} ms"
        )
    return better


def _against(found: Comparison, config: GateConfig, level: float) -> list[str]:
    """What speaks against a promotion, whatever the gain."""
    said = [
        f"label {one.label} got worse: {one.change.lost} of {one.change.size} lost, "
        f"{one.change.gained} gained (p = {one.p_worse:.3f})"
        for one in found.labels
        if one.p_worse <= level
    ]
    if found.useful.p_worse <= level / 2:
        said.append(
            "fewer messages get their right label: "
            f"{found.useful.gain:+.1%} of all, once it may abstain"
        )
    if not found.precise:
        said.append(
            f"the labels it gives are right in {found.challenger.figures.precision:.1%}: "
            "below target_precision"
        )
    p99 = found.challenger.figures.p99_ms
    if config.p99_ms is not None and p99 > config.p99_ms:
        said.append(
            f"p99 is {p99:.0f} ms: over the budget of {config.p99_ms:.0f} ms ([gate] p99_ms)"
        )
    cost = found.challenger.usd_per_1000
    if config.usd_per_1000 is not None and cost > config.usd_per_1000:
        said.append(
            f"1,000 messages cost ${cost:.2f}: over the budget of "
            f"${config.usd_per_1000:.2f} ([gate] usd_per_1000)"
        )
    return said


def _in_shadow(shadow: ShadowFigures | None, level: float) -> list[str]:
    if shadow is None or shadow.change.p_worse > level / 2:
        return []
    change = shadow.change
    counts = f"it lost {change.lost} and gained {change.gained} of {change.size}"
    return [f"worse on live messages that agents judged: {counts} (p = {change.p_worse:.3f})"]


def _what_would_decide(change: Paired, config: GateConfig) -> str:
    if change.gain <= 0:
        return "a better model: more held-out examples would not make this one a champion"
    wanted = needed(change.gain, change.discordant, config.confidence)
    more = max(1, wanted - change.size)
    return (
        f"about {more:,} more held-out examples: then a true gain of {change.gain:.1%} would be "
        "shown four times in five"
    )
