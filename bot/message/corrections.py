"""Derive the current label of a message from agents' reactions, independent of event order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storage.examples.examples import Correction, Reaction


@dataclass(frozen=True, slots=True)
class Standing:
    """The current label that agents gave a message: source, agent, and Unix time `when`."""

    label: str
    source: Literal["correction", "confirmation"]
    by: str
    when: str


def _current(active: Sequence[Reaction], predicted: str | None) -> Standing | None:
    """Return the label after the active reactions; a confirmation confirms the label before it."""
    standing: Standing | None = None
    for reaction in active:
        if reaction.label is not None:
            source: Literal["correction", "confirmation"] = (
                "confirmation" if reaction.label == predicted else "correction"
            )
            standing = Standing(reaction.label, source, reaction.user, reaction.at)
        elif standing is not None:
            standing = Standing(standing.label, standing.source, reaction.user, reaction.at)
        elif predicted is not None:
            standing = Standing(predicted, "confirmation", reaction.user, reaction.at)
    return standing


def _key(reaction: Reaction) -> tuple[str, str, str]:
    return reaction.user, reaction.emoji, reaction.item


def fold(
    reactions: Sequence[Reaction], predicted: str | None
) -> tuple[Standing | None, tuple[Correction, ...]]:
    """Return the current label and its history, from reactions ordered by time.

    `predicted` is the bot's label, which a confirmation confirms, or None if the bot abstained.
    """
    active: list[Reaction] = []
    history: list[Correction] = []
    label: str | None = None
    standing: Standing | None = None
    for reaction in reactions:
        active = [other for other in active if _key(other) != _key(reaction)]
        if reaction.added:
            active.append(reaction)
        standing = _current(active, predicted)
        now = None if standing is None else standing.label
        confirmed = reaction.added and reaction.label is None and standing is not None
        if now != label or confirmed:
            history.append(Correction(who=reaction.user, when=reaction.at, before=label, after=now))
        label = now
    return standing, tuple(history)
