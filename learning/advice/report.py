"""Advice as plain lines, with the learning curve as bars."""

from collections.abc import Iterator

from classifiers.plural import plural
from learning.advice.curve import Curve, Point
from learning.advice.facts import Facts
from learning.advice.recommendation import Advice, Option

_BAR = 30


def _bar(point: Point, lowest: float, mark: str, *, verbose: bool) -> str:
    width = round(_BAR * (point.accuracy - lowest) / max(1e-9, 1 - lowest))
    bar = f"{point.examples:>8,} {mark * max(1, width):<{_BAR}} {point.accuracy:6.1%}"
    return f"{bar} ({point.low:.1%} to {point.high:.1%})" if verbose else bar


def curve_lines(curve: Curve, *, verbose: bool = False) -> list[str]:
    """Return one bar for each number of examples: full if measured, light if expected.

    With `verbose`, add the 90% interval of each accuracy.
    """
    points = (*curve.measured, *curve.expected)
    lowest = max(0.0, min(point.accuracy for point in points) - 0.1)
    scale = f"examples, accuracy from {lowest:.0%} to 100%"
    return [
        f"{scale}, 90% intervals" if verbose else scale,
        *(_bar(point, lowest, "█", verbose=verbose) for point in curve.measured),
        *(_bar(point, lowest, "░", verbose=verbose) for point in curve.expected),
    ]


def _numbers(facts: Facts) -> Iterator[str]:
    spread = ", ".join(f"{label} {facts.counts.get(label, 0):,}" for label in facts.labels[:12])
    more = f" and {len(facts.labels) - 12} more" if len(facts.labels) > 12 else ""  # noqa: PLR2004
    yield f"  examples: {facts.examples:,} ({spread}{more})"
    agreement = facts.agreement
    if agreement.messages:
        yield f"  agents agreed on {agreement.same} of {plural(agreement.messages, 'request')}"
    else:
        yield "  agreement: not known before two agents have judged the same request"
    if facts.prompting.count:
        answers = plural(facts.prompting.count, "answer")
        yield f"  prompting: right in {facts.prompting.right} of {answers} that agents judged"
    volume = "not known before a day has passed"
    if facts.per_month is not None:
        volume = plural(round(facts.per_month), "request") + " a month"
    yield f"  volume: {volume}"


def _cost(option: Option) -> str:
    if option.usd_per_month is not None:
        return f"${option.usd_per_month:,.2f} a month"
    if option.usd_per_1000 is not None:
        return f"${option.usd_per_1000:,.2f} for 1,000"
    return "price not set"


def advice_lines(advice: Advice, facts: Facts, *, verbose: bool = False) -> list[str]:
    """Return the recommendation, its reasons, the numbers, the options and the closing dates.

    With `verbose`, add the intervals of the learning curve.
    """
    lines = [advice.do, *(f"  because {reason}" for reason in advice.because)]
    lines += ["", "Your numbers:", *_numbers(facts)]
    lines += ["", "Options at this volume:"]
    for option in advice.options:
        speed = "?" if option.ms is None else f"{option.ms:,.0f} ms"
        lines.append(f"  {option.name:<8} {_cost(option):<22} {speed:>8}  {option.note}".rstrip())
    lines += ["", "Closing dates:", *(f"  {date}" for date in advice.closing)]
    if facts.curve is not None:
        curve = curve_lines(facts.curve, verbose=verbose)
        lines += ["", "Learning curve of the local model:", *curve]
    return lines
