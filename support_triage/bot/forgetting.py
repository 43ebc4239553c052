"""All that one person wrote, found and removed: in Redis, in classifiers, and on cards in Slack."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from support_triage.storage.forgetting import Forgetting


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What there is (or was) of a person; `snapshots` are those that had examples of theirs."""

    messages: int
    cards: int
    examples: int
    dead_letters: int
    snapshots: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """One thing a line, for people."""
        found = [
            f"messages with their predictions: {self.messages}",
            f"cards in Slack: {self.cards}",
            f"examples: {self.examples}",
            f"events given up on: {self.dead_letters}",
            f"snapshots they are in: {', '.join(self.snapshots) or 'none'}",
        ]
        if self.snapshots:
            found.append("A model that was trained on these keeps what it learnt: train it again.")
        return found


async def forget(
    found: Forgetting,
    take_down: Callable[[str, str], Awaitable[None]],
    team: str,
    user: str,
    *,
    apply: bool,
) -> Forgotten:
    """Remove all that a person wrote, or with `apply` False only count it.

    `take_down` deletes a card by channel and ts. What is found by a record goes before it, so that
    the same call does the rest after it was cut off.
    """
    records = {str(one.message.id): one async for one in found.records(team, user)}
    examples = [one.id for one in await found.examples(team, user)]
    ids = [*dict.fromkeys([*examples, *records])]
    if apply:
        await found.drop_watched(team, ids)
    cards = 0
    for one in records.values():
        present = [card for card in one.shown.cards if card not in one.shown.former]
        cards += len(present)
        if apply:
            for card in present:
                await take_down(card.channel, card.ts)
            await found.drop_record(one)
    snapshots = await found.snapshots(team, ids, apply=apply)
    if apply:
        await found.drop_examples(team, ids)
    letters = await found.dead_letters(team, user, apply=apply)
    return Forgotten(len(records), cards, len(examples), letters, tuple(snapshots))
