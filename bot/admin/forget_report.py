"""What people read of a person who is forgotten: plain lines, the same in Slack and a terminal."""

import time

from classifiers.plural import plural
from storage.forget.forgets import Forget
from storage.forget.forgetting import Traces

_SHOWN = 20

TRAINED = "A model that was trained on these snapshots keeps what it learnt: train it again."


def found_lines(found: Traces) -> list[str]:
    """Return what there is of a person, one thing a line."""
    told = [
        f"messages with their predictions: {len(found.records):,}",
        f"cards in Slack: {found.cards:,}",
        f"examples: {len(found.examples):,}",
        f"waiting events: {len(found.waiting):,}",
        f"dead letters: {len(found.dead):,}",
        f"in snapshots: {', '.join(found.snapshots) or 'none'}",
    ]
    return [*told, TRAINED] if found.snapshots else told


def lines(wish: Forget, name: str, now: float | None = None) -> list[str]:
    """Return how far a wish is, or what was removed; `name` is the person as readers know them."""
    seconds = (wish.finished or now or time.time()) - wish.begun
    if wish.finished is None:
        done = f"{wish.messages:,} of {plural(max(wish.expected, wish.messages), 'message')}"
        told = [f"Forgetting {name}: {done} removed, started {seconds:,.0f} s ago"]
    else:
        told = [f"Forgot everything that {name} wrote before, in {seconds:,.0f} s"]
    removed = [plural(wish.messages, "message"), f"{plural(wish.cards, 'card')} in Slack"]
    removed += [plural(wish.examples, "example"), plural(wish.events, "event")]
    told += [f"- removed: {', '.join(removed)}"]
    if wish.snapshots:
        told += [f"- removed from snapshots {', '.join(wish.snapshots)}", f"- {TRAINED}"]
    if wish.left:
        told += [f"- {plural(len(wish.left), 'card')} left up; delete them in Slack:"]
        told += [f"  {place}: {why}" for place, why in [*wish.left.items()][:_SHOWN]]
    if wish.problem and wish.finished is None:
        told += [f"Waiting: {wish.problem}"]
    return told
