"""Advice as plain lines, with the learning curve as bars."""

from collections.abc import Iterator

from classifiers.plural import plural
from learning.advice.curve import Curve, Point
from learning.advice.facts import Facts
from learning.advice.recommendation import Advice, Option

_BAR = 30


def _bar(point: Point, lowest: float, mark: str) -> str:
    width = round(_BAR * (point.accuracy - lowest) / max(1e-9, 1 - lowest))
    return (
        f"{point.examples:>8,} {mark * max(1, width):<{_BAR}} {point.accuracy:6.1%} "
        f"({point.low:.1%} to {point.high:.1%})"
    )


def curve_lines(curve: Curve) -> list[str]:
    """One bar a size: full where measured, light where expected."""
    points = (*curve.measured, *curve.expected)
    lowest = max(0.0, min(one.accuracy for one in points) - 0.1)
    return [
        f"examples, accuracy from {lowest:.0%} to 100%, 90% intervals",
        *(_bar(one, lowest, "█") for one in curve.measured),
        *(_bar(one, lowest, "░") for one in curve.expected),
    ]


def _numbers(facts: Facts) -> Iterator[str]:
    spread = ", ".join(f"{label} {facts.counts.get(label, 0):,}" for label in facts.labels[:12])
    more = f" and {len(facts.labels) - 12} more" if len(facts.labels) > 12 else ""  # noqa: PLR2004
    yield f"  examples: {facts.examples:,} ({spread}{more})"
    agreement = facts.agreement
    if agreement.messages:
        yield f"  agents agreed on {agreement.same} of {plural(agreement.messages, 'message')}"
    else:
        yield "  no message was judged by two agents yet: how far they agree is not known"
    if facts.prompting.count:
        found = facts.prompting
        answers = plural(found.count, "answer")
        yield f"  prompting: right in {found.right} of {answers} that agents judged"
    volume = "not known before a day has passed"
    if facts.per_month is not None:
        volume = plural(round(facts.per_month), "message") + " a month"
    yield f"  volume: {volume}"


def _cost(option: Option) -> str:
    if option.usd_per_month is not None:
        return f"${option.usd_per_month:,.2f} a month"
    if option.usd_per_1000 is not None:
        return f"${option.usd_per_1000:,.2f} for 1,000"
    return "price not set"


def advice_lines(advice: Advice, facts: Facts) -> list[str]:
    """The recommendation, why, the numbers, the options and what closes when."""
    lines = [advice.do, *(f"  because {one}" for one in advice.because)]
    lines += ["", "Your numbers:", *_numbers(facts)]
    lines += ["", "Options at this volume:"]
    for one in advice.options:
        speed = "?" if one.ms is None else f"{one.ms:,.0f} ms"
        lines.append(f"  {one.name:<8} {_cost(one):<22} {speed:>8}  {one.note}".rstrip())
    lines += ["", "What closes when:", *(f"  {one}" for one in advice.closing)]
    if facts.curve is not None:
        lines += ["", "Learning curve of the local model:", *curve_lines(facts.curve)]
    return lines
