"""Finds and removes all data of one person, or of one message."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass

from storage import keys
from storage.examples.examples import Examples, StoredExample
from storage.examples.label_moves import LabelMoves
from storage.examples.quotes import Quotes
from storage.examples.snapshots import Snapshots
from storage.inbox.dead_letters import DeadLetters
from storage.inbox.events import Outdated
from storage.inbox.inbox import Inbox
from storage.messages import MessageId
from storage.records import CardAt, Hold, Record, Records
from storage.series import Series
from storage.server.protocol import Client
from storage.server.readable import read
from storage.shadows import Shadows

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Traces:
    """The stored data of a person; `waiting` and `dead` are ids of events."""

    user: str
    records: tuple[Record, ...]
    examples: tuple[StoredExample, ...]
    waiting: tuple[str, ...]
    dead: tuple[str, ...]
    snapshots: tuple[str, ...]

    @property
    def ids(self) -> list[str]:
        """Return the ids of the person's messages (channel:ts)."""
        found = [str(record.message.id) for record in self.records]
        found += [example.id for example in self.examples]
        return list(dict.fromkeys(found))

    @property
    def texts(self) -> set[str]:
        """Return all versions of all texts, as stored."""
        versions = [(*record.former, record.message) for record in self.records]
        found = {message.text for several in versions for message in several}
        return (found | {example.text for example in self.examples}) - {""}

    @property
    def cards(self) -> int:
        """Return the number of the messages' cards in Slack."""
        return sum(len(present(record)) for record in self.records)

    def __bool__(self) -> bool:
        return bool(self.records or self.examples or self.waiting or self.dead)


def present(record: Record) -> list[CardAt]:
    """Return the cards of a message that are, or may be, in Slack."""
    return [card for card in record.shown.cards if card not in record.shown.former]


class Forgetting:
    """Removes messages, predictions, examples, events, dead letters, snapshot rows and quotes."""

    def __init__(self, redis: Client, keep_s: int = keys.RETENTION_S) -> None:
        self._redis = redis
        self.records, self._examples = Records(redis, keep_s), Examples(redis)
        self._moves, self._dead, self._inbox = LabelMoves(redis), DeadLetters(redis), Inbox(redis)
        self._snapshots = Snapshots(redis)
        self.quotes = Quotes(redis, keep_s)
        self.tombstones = self._examples.tombstones

    async def found(self, team: str, user: str, until: float) -> "Traces":
        """Find all data of the messages that a person sent up to a Unix time."""
        sent = {
            str(record.message.id): record
            async for record in self.all_records(team)
            if record.message.user == user and float(record.message.id.ts) <= until
        }
        examples = await self.examples(team, user, until)
        ids = dict.fromkeys([*sent, *(example.id for example in examples)])
        return Traces(
            user,
            tuple(sent.values()),
            tuple(examples),
            tuple(await self._inbox.written_by(team, user, until)),
            tuple(await self._dead.written_by(team, user, until)),
            tuple(await self._snapshots.forget(team, set(ids), apply=False)),
        )

    async def all_records(self, team: str) -> AsyncIterator[Record]:
        """Yield all records of a workspace; a record may come twice."""
        async for key in self._redis.scan_iter(match=keys.record(team, "*", "*"), count=1_000):
            stored = await self._redis.get(key)
            record = None if stored is None else read(Record, stored, "message")
            if record is not None:
                yield record

    async def drop_record(self, hold: Hold, record: Record, user: str, cards: int) -> None:
        """Remove a held message, and the reactions on it and its cards; count them for the request.

        If a card may still arrive, keep an empty record, so that the search for the card goes on.
        """
        at = record.message.id
        removed = [keys.reactions(at.team, at.channel, at.ts)]
        for card in record.shown.cards:
            removed += [
                make(at.team, card.channel, card.ts) for make in (keys.card, keys.reactions)
            ]
        if record.shown.late:
            await hold.put(Record.placeholder(at, record.shown))
        else:
            removed.append(keys.record(at.team, at.channel, at.ts))
        hold.check()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(*removed)
            pipe.hincrby(keys.forget(at.team, user), "messages", 1)
            pipe.hincrby(keys.forget(at.team, user), "cards", cards)
            await pipe.execute()

    async def examples(self, team: str, user: str, until: float) -> list[StoredExample]:
        """Return a person's examples up to a Unix time, current or set aside."""
        found = [each async for each in self._examples.iterate(team) if each.author == user]
        found += [each async for each in self._moves.aside(team) if each.author == user]
        return [example for example in found if _sent(example.id) <= until]

    async def pending(self, team: str, user: str, ids: Collection[str]) -> set[str]:
        """Add messages whose traces must be removed; return the ids of all that remain."""
        key = keys.forget_ids(team, user)
        if ids:
            await self._redis.sadd(key, *ids)
        return set(await self._redis.smembers(key))

    async def dropped(self, team: str, user: str, ids: Collection[str]) -> None:
        """Record that all traces of these messages are removed."""
        if ids:
            await self._redis.srem(keys.forget_ids(team, user), *ids)

    async def drop_traces(self, team: str, ids: Sequence[str], user: str = "") -> list[str]:
        """Remove the examples, snapshot rows and answers of messages; return touched snapshots.

        Cards that quote the messages are shown again. After an interruption, the same call does the
        rest. With `user`, the examples are counted for that person's forget request.
        """
        touched = await self._snapshots.forget(team, set(ids), apply=True)
        await self._drop_watched(team, ids)
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            removed = await self._examples.put_all(team, [(each, None, ()) for each in page])
            removed += await self._redis.hdel(keys.aside(team), *page)
            if user:
                await self._redis.hincrby(keys.forget(team, user), "examples", removed)
        await self.tombstones.grow(team)  # refuse snapshots that read these examples earlier
        for identity in ids:
            await self._unquote(team, identity)
        return touched

    async def _unquote(self, team: str, example: str) -> None:
        for message in await self.quotes.of(team, example):
            await self.outdated(team, message)
        await self.quotes.drop(team, example)

    async def outdated(self, team: str, message: str) -> None:
        """Show a message (channel:ts) again, by an event in the inbox."""
        channel, _, ts = message.partition(":")
        at = MessageId(team=team, channel=channel, ts=ts)
        await self._inbox.receive(Outdated(id=at))

    async def _drop_watched(self, team: str, ids: Sequence[str]) -> None:
        await Series(self._redis, team).forget(ids)
        for model in await self._redis.hkeys(keys.models(team)):
            await Shadows(self._redis, team).forget(model, list(ids))

    async def learnt(self, team: str, identity: str) -> bool:
        """Return True if a message is or was an example: current, set aside or corrected."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for key in (keys.examples, keys.aside, keys.history):
                pipe.hexists(key(team), identity)
            return any(await pipe.execute())

    async def drop_dead(self, team: str, message: str) -> None:
        """Remove the dead letters that hold the text of a message."""
        await self._dead.drop_all(team, await self._dead.about(team, message))

    async def drop_events(self, team: str, found: "Traces") -> None:
        """Remove a person's events and dead letters; count them for the request."""
        removed = await self._inbox.drop_all(team, found.waiting)
        removed += await self._dead.drop_all(team, found.dead)
        await self._redis.hincrby(keys.forget(team, found.user), "events", removed)


def _sent(example: str) -> float:
    """Return the Unix time of an example's message; 0 for an imported example."""
    ts = example.rpartition(":")[2]
    return float(ts) if ts.replace(".", "", 1).isdigit() else 0.0
