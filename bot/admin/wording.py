"""Words and figures that Slack and the command line share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from classifiers.plural import plural

ROLES: Final = {"champion": "in use", "challenger": "new", "former": "used before"}
"""A model's role, by the role that is stored."""

ACTS: Final = {
    "promote": "promoted",
    "force": "promoted without a comparison",
    "rollback": "rolled back",
}
"""A change of the model in use, by the act that is stored."""


def day(when: str) -> str:
    """Return a time in epoch seconds as date and minute in UTC."""
    return f"{datetime.fromtimestamp(float(when), UTC):%Y-%m-%d %H:%M}"


def gain(figures: Mapping[str, float]) -> str:
    """Return the gain that the comparison measured, "" if there was no comparison."""
    if "gain" not in figures:
        return ""
    return f"{figures['gain']:+.1%} on {plural(round(figures['examples']), 'request')}"
