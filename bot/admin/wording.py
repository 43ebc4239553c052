"""Words and figures that both faces of the bot write the same way."""

from collections.abc import Mapping
from datetime import UTC, datetime

from classifiers.plural import plural


def day(when: str) -> str:
    """Return a time in epoch seconds as date and minute of UTC."""
    return f"{datetime.fromtimestamp(float(when), UTC):%Y-%m-%d %H:%M}"


def gain(figures: Mapping[str, float]) -> str:
    """Return what the gate measured for a promotion, "" if nothing was measured."""
    if "gain" not in figures:
        return ""
    return f"{figures['gain']:+.1%} on {plural(round(figures['examples']), 'message')}"
