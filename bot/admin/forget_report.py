"""Forget requests as plain lines, the same in Slack and in a terminal."""

import time

from classifiers.plural import plural
from storage.forget.forgets import Forget
from storage.forget.forgetting import Traces

_SHOWN = 20

TRAINED = "Models trained on these sets keep what they learned: train them again."


def found_lines(found: Traces) -> list[str]:
    """Return what is stored of a person, one kind of data on each line."""
    lines = [
        f"messages with their predictions: {len(found.records):,}",
        f"cards in Slack: {found.cards:,}",
        f"examples: {len(found.examples):,}",
        f"waiting events: {len(found.waiting):,}",
        f"failed events: {len(found.dead):,}",
        f"in training sets: {', '.join(found.snapshots) or 'none'}",
    ]
    return [*lines, TRAINED] if found.snapshots else lines


def forget_lines(request: Forget, name: str, now: float | None = None) -> list[str]:
    """Return the progress of a forget request, or what it removed.

    `name` is the person as readers know them; `now` is in epoch seconds.
    """
    seconds = (request.finished or now or time.time()) - request.begun
    if request.finished is None:
        total = plural(max(request.expected, request.messages), "message")
        done = f"{request.messages:,} of {total}"
        lines = [f"Forgetting {name}: {done} removed, started {seconds:,.0f} s ago"]
    else:
        lines = [f"Forgot everything that {name} wrote before, in {seconds:,.0f} s"]
    removed = [plural(request.messages, "message"), f"{plural(request.cards, 'card')} in Slack"]
    removed += [plural(request.examples, "example"), plural(request.events, "event")]
    lines += [f"- removed: {', '.join(removed)}"]
    if request.snapshots:
        lines += [f"- removed from training sets {', '.join(request.snapshots)}", f"- {TRAINED}"]
    if request.left:
        lines += [f"- {plural(len(request.left), 'card')} could not be deleted; do it in Slack:"]
        lines += [f"  {place}: {why}" for place, why in [*request.left.items()][:_SHOWN]]
    if request.problem and request.finished is None:
        lines += [f"Waiting: {request.problem}"]
    return lines
