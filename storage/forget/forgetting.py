"""What is kept of one person, or of one message: found and removed."""

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
from storage.server.connection import Client
from storage.server.readable import read
from storage.shadows import Shadows

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of a person; `waiting` and `dead` are ids of events."""

    user: str
    records: tuple[Record, ...]
    examples: tuple[StoredExample, ...]
    waiting: tuple[str, ...]
    dead: tuple[str, ...]
    snapshots: tuple[str, ...]

    @property
    def ids(self) -> list[str]:
        """The ids of the messages (channel:ts)."""
        found = [*(str(one.message.id) for one in self.records), *(one.id for one in self.examples)]
        return list(dict.fromkeys(found))

    @property
    def texts(self) -> set[str]:
        """Every version of every text, as it was stored."""
        versions = [(*one.former, one.message) for one in self.records]
        found = {one.text for several in versions for one in several}
        return (found | {one.text for one in self.examples}) - {""}

    @property
    def cards(self) -> int:
        """How many cards about the messages are in Slack."""
        return sum(len(present(one)) for one in self.records)

    def __bool__(self) -> bool:
        return bool(self.records or self.examples or self.waiting or self.dead)


def present(record: Record) -> list[CardAt]:
    """Return the cards of a message that are, or may be, in Slack."""
    return [one for one in record.shown.cards if one not in record.shown.former]


class Forgetting:
    """Messages, predictions, examples, waiting and dead events, snapshot rows, and quotes."""

    def __init__(self, redis: Client, keep_s: int = keys.RETENTION_S) -> None:
        self._redis = redis
        self.records, self._examples = Records(redis, keep_s), Examples(redis)
        self._moves, self._dead, self._inbox = LabelMoves(redis), DeadLetters(redis), Inbox(redis)
        self._snapshots = Snapshots(redis)
        self.quotes = Quotes(redis, keep_s)
        self.tombstones = self._examples.tombstones

    async def found(self, team: str, user: str, until: float) -> "Traces":
        """Look for all that a person sent until a Unix time."""
        sent = {
            str(one.message.id): one
            async for one in self.all_records(team)
            if one.message.user == user and float(one.message.id.ts) <= until
        }
        examples = await self.examples(team, user, until)
        ids = dict.fromkeys([*sent, *(one.id for one in examples)])
        return Traces(
            user,
            tuple(sent.values()),
            tuple(examples),
            tuple(await self._inbox.written_by(team, user, until)),
            tuple(await self._dead.written_by(team, user, until)),
            tuple(await self._snapshots.forget(team, set(ids), apply=False)),
        )

    async def all_records(self, team: str) -> AsyncIterator[Record]:
        """Yield every message that is kept, with what was predicted and shown; some come twice."""
        async for key in self._redis.scan_iter(match=keys.record(team, "*", "*"), count=1_000):
            stored = await self._redis.get(key)
            record = None if stored is None else read(Record, stored, "message")
            if record is not None:
                yield record

    async def drop_record(self, hold: Hold, record: Record, user: str, cards: int) -> None:
        """Remove a message that is held, and the reactions on it and its cards; count it.

        Where a card of it may still land, its place stays, without a word: it is looked for.
        """
        at = record.message.id
        gone = [keys.reactions(at.team, at.channel, at.ts)]
        for card in record.shown.cards:
            gone += [make(at.team, card.channel, card.ts) for make in (keys.card, keys.reactions)]
        if record.shown.late:
            await hold.put(Record.nobody(at, record.shown))
        else:
            gone.append(keys.record(at.team, at.channel, at.ts))
        hold.check()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(*gone)
            pipe.hincrby(keys.forget(at.team, user), "messages", 1)
            pipe.hincrby(keys.forget(at.team, user), "cards", cards)
            await pipe.execute()

    async def examples(self, team: str, user: str, until: float) -> list[StoredExample]:
        """Return the examples that a person wrote until a Unix time, standing or set aside."""
        found = [one async for one in self._examples.iterate(team) if one.author == user]
        found += [one async for one in self._moves.aside(team) if one.author == user]
        return [one for one in found if _sent(one.id) <= until]

    async def pending(self, team: str, user: str, ids: Collection[str]) -> set[str]:
        """Remember that the traces of these messages go; return all ids that still have to."""
        key = keys.forget_ids(team, user)
        if ids:
            await self._redis.sadd(key, *ids)
        return set(await self._redis.smembers(key))

    async def dropped(self, team: str, user: str, ids: Collection[str]) -> None:
        """Note that no trace of these messages is left."""
        if ids:
            await self._redis.srem(keys.forget_ids(team, user), *ids)

    async def drop_traces(self, team: str, ids: Sequence[str], user: str = "") -> list[str]:
        """Remove what was learnt and noted of messages; return the snapshots they were in.

        Cut off anywhere, the same call does the rest. Cards that quote them are shown anew. With
        `user` the examples are counted for the wish to forget them.
        """
        touched = await self._snapshots.forget(team, set(ids), apply=True)
        await self._drop_watched(team, ids)
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            gone = await self._examples.stand_all(team, [(one, None, ()) for one in page])
            gone += await self._redis.hdel(keys.aside(team), *page)
            if user:
                await self._redis.hincrby(keys.forget(team, user), "examples", gone)
        await self.tombstones.grow(team)  # a snapshot that has read them already is refused
        for one in ids:
            await self._unquote(team, one)
        return touched

    async def _unquote(self, team: str, example: str) -> None:
        for message in await self.quotes.of(team, example):
            await self.outdated(team, message)
        await self.quotes.drop(team, example)

    async def outdated(self, team: str, message: str) -> None:
        """Have a message (channel:ts) shown anew."""
        channel, _, ts = message.partition(":")
        at = MessageId(team=team, channel=channel, ts=ts)
        await self._inbox.receive(Outdated(id=at))

    async def _drop_watched(self, team: str, ids: Sequence[str]) -> None:
        await Series(self._redis, team).forget(ids)
        for model in await self._redis.hkeys(keys.models(team)):
            await Shadows(self._redis, team).forget(model, list(ids))

    async def learnt(self, team: str, identity: str) -> bool:
        """Return whether a message is or was an example: standing, set aside, or judged."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for key in (keys.examples, keys.aside, keys.history):
                pipe.hexists(key(team), identity)
            return any(await pipe.execute())

    async def drop_dead(self, team: str, message: str) -> None:
        """Remove what was given up on of one message."""
        await self._dead.drop_all(team, await self._dead.about(team, message))

    async def drop_events(self, team: str, found: "Traces") -> None:
        """Remove events that wait or were given up, and count them."""
        gone = await self._inbox.drop_all(team, found.waiting)
        gone += await self._dead.drop_all(team, found.dead)
        await self._redis.hincrby(keys.forget(team, found.user), "events", gone)


def _sent(example: str) -> float:
    """Return when the message of an example was sent; 0 for an example of no message."""
    ts = example.rpartition(":")[2]
    return float(ts) if ts.replace(".", "", 1).isdigit() else 0.0
