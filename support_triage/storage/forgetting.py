"""What is remembered of one person, found and removed."""

from collections.abc import AsyncIterator

from support_triage.storage import keys
from support_triage.storage.connection import Client
from support_triage.storage.dead import DeadLetters
from support_triage.storage.events import Posted
from support_triage.storage.examples import Examples, StoredExample
from support_triage.storage.label_moves import LabelMoves
from support_triage.storage.records import Record, Records
from support_triage.storage.series import Series
from support_triage.storage.shadows import Shadows
from support_triage.storage.snapshots import Snapshots

_PAGE = 500


class Forgetting:
    """Messages, predictions, examples, dead letters and snapshot rows of a message's author."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._records, self._examples = Records(redis), Examples(redis)
        self._moves, self._dead = LabelMoves(redis), DeadLetters(redis)
        self._snapshots = Snapshots(redis)

    async def records(self, team: str, user: str) -> AsyncIterator[Record]:
        """The person's messages with what was predicted and shown; some may come twice."""
        pattern = keys.record(team, "*", "*")
        async for key in self._redis.scan_iter(match=pattern, count=1_000):
            stored = await self._redis.get(key)
            record = None if stored is None else Record.model_validate_json(stored)
            if record is not None and record.message.user == user:
                yield record

    async def drop_record(self, record: Record) -> None:
        """Remove a message, its prediction, and the reactions on it and its cards."""
        at, cards = record.message.id, record.shown.cards
        gone = [keys.record(at.team, at.channel, at.ts), keys.reactions(at.team, at.channel, at.ts)]
        for card in cards:
            gone += [make(at.team, card.channel, card.ts) for make in (keys.card, keys.reactions)]
        async with self._records.held(at):
            await self._redis.delete(*gone)

    async def examples(self, team: str, user: str) -> list[StoredExample]:
        """The person's examples, standing or set aside."""
        standing = [one async for one in self._examples.iterate(team) if one.author == user]
        return standing + [one async for one in self._moves.aside(team) if one.author == user]

    async def drop_examples(self, team: str, ids: list[str]) -> None:
        """Remove examples with their histories; the feed tells every process's classifier."""
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            await self._examples.stand_all(team, [(one, None, ()) for one in page])
            await self._redis.hdel(keys.aside(team), *page)

    async def drop_watched(self, team: str, ids: list[str]) -> None:
        """Remove what is kept of answers to these messages, so that models can be judged by it."""
        await Series(self._redis, team).forget(ids)
        for model in await self._redis.hkeys(keys.models(team)):
            await Shadows(self._redis, team).forget(model, ids)

    async def dead_letters(self, team: str, user: str, *, apply: bool) -> int:
        """Count, or remove, the person's messages among the events given up on."""
        letters = [
            one
            async for one in self._dead.iterate(team)
            if isinstance(one.event, Posted) and one.event.message.user == user
        ]
        for one in letters if apply else ():
            await self._dead.drop(team, one)
        return len(letters)

    async def snapshots(self, team: str, ids: list[str], *, apply: bool) -> list[str]:
        """The snapshots that have these examples, taken out of them where `apply` says so."""
        return await self._snapshots.forget(team, set(ids), apply=apply)
