"""Reactions to the label that stands: a pure fold, the same whatever order events came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storage.examples.examples import Correction, Reaction


@dataclass(frozen=True, slots=True)
class Standing:
    """The label that agents gave a message, and how it came to be."""

    label: str
    source: Literal["correction", "confirmation"]
    by: str
    when: str


def _stands(active: Sequence[Reaction], predicted: str | None) -> Standing | None:
    """The newest reaction still on the message decides; a confirmation confirms what it found."""
    standing: Standing | None = None
    for one in active:
        if one.label is not None:
            source: Literal["correction", "confirmation"] = (
                "confirmation" if one.label == predicted else "correction"
            )
            standing = Standing(one.label, source, one.user, one.at)
        elif standing is not None:
            standing = Standing(standing.label, standing.source, one.user, one.at)
        elif predicted is not None:
            standing = Standing(predicted, "confirmation", one.user, one.at)
    return standing


def fold(
    reactions: Sequence[Reaction], predicted: str | None
) -> tuple[Standing | None, tuple[Correction, ...]]:
    """The standing label and the history of it, from reactions in the order of their time.

    `predicted` is the bot's own label, None when it abstained: what a confirmation confirms.
    """
    active: list[Reaction] = []
    history: list[Correction] = []
    label: str | None = None
    standing: Standing | None = None
    for one in reactions:
        same = [a for a in active if (a.user, a.emoji, a.item) == (one.user, one.emoji, one.item)]
        active = [a for a in active if a not in same]
        if one.added:
            active.append(one)
        standing = _stands(active, predicted)
        now = None if standing is None else standing.label
        if now != label or (one.added and one.label is None and standing is not None):
            history.append(Correction(who=one.user, when=one.at, before=label, after=now))
        label = now
    return standing, tuple(history)
