"""Records: each message with its prediction and what the bot shows for it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from pydantic import field_validator

from classifiers.base import Prediction
from storage import keys
from storage.errors import StorageError
from storage.messages import Frozen, Message, MessageId
from storage.server.leases import renewing
from storage.server.lua import COUNT, EXPECT, FORGOTTEN
from storage.server.protocol import Client

_LEASE_S = 4.0  # shorter than the inbox's lease, so a dead worker's message is free on redelivery
_HOLD_WAIT_S = 2.0
_FORMER_MAX = 19
_FORMER_BYTES_MAX = 32_000  # limits the size of a record: about eight English texts of full length


class CardAt(Frozen):
    """The place of a card, and a digest of its content."""

    channel: str
    ts: str
    content: str = ""


class Posting(Frozen):
    """The intention to post a card in a channel, and the progress of the search for that card.

    The card is not older than `since` (Slack's time). Messages newer than `until` were searched,
    and `found` are the cards among them. If Slack `answered` the call, the card cannot arrive
    later. Otherwise it may still arrive, and the next search is at `due`. `at` is the Unix time
    of the call, and `looks` counts the searches.
    """

    channel: str
    since: str = ""
    until: str = ""
    found: tuple[str, ...] = ()
    answered: bool = False
    at: float = 0.0
    due: float = 0.0
    looks: int = 0


class Shown(Frozen):
    """The emoji and cards of a message in Slack; an intention is stored before it is acted on.

    `emoji` is the bot's emoji on the message; `maybe_emoji` may be there too, after a lost answer.
    A card may have been posted at `posting`, and may still arrive at each of `late`. `stale` cards
    are to be deleted, `former` cards were deleted. `refused` is the digest of a card that Slack
    refused; a card without text is shown instead.
    """

    emoji: str | None = None
    maybe_emoji: tuple[str, ...] = ()
    card: CardAt | None = None
    posting: Posting | None = None
    late: tuple[Posting, ...] = ()
    refused: str = ""
    stale: tuple[CardAt, ...] = ()
    former: tuple[CardAt, ...] = ()

    @field_validator("posting", mode="before")
    @classmethod
    def _of_version_0_1(cls, posting: object) -> object:
        return {"channel": posting} if isinstance(posting, str) else posting

    @property
    def due(self) -> float | None:
        """Return the Unix time of the next search for a card that may arrive late, or None."""
        return min((posting.due for posting in self.late), default=None)

    @property
    def cards(self) -> tuple[CardAt, ...]:
        """Return all cards of the message, the current card last."""
        return (*self.former, *self.stale, *([] if self.card is None else [self.card]))


class Record(Frozen):
    """A message, its versions, its prediction and what is shown for it.

    `message` has the newest text, `former` are the versions before it, oldest first.
    `predicted_edit` is the version that was predicted. `problems` are the names under which
    `status` lists the calls for this message that Slack refuses.
    """

    message: Message
    former: tuple[Message, ...] = ()
    deleted: bool = False
    prediction: Prediction | None = None
    predicted_edit: str = ""
    shown: Shown = Shown()
    problems: tuple[str, ...] = ()

    def with_version(self, message: Message, judged: Sequence[float] = ()) -> "Record":
        """Return the record with another version of the text; a deleted message stays empty.

        Keep at most 19 former versions of 32 kB in all. Prefer the versions that were current at
        the times in `judged`, because agents' emoji refer to them.
        """
        if self.deleted:
            return self
        known = {version.edited: version for version in (message, *self.former, self.message)}
        versions = sorted(known.values(), key=lambda version: float(version.edited or 0))
        judged_edits = {_as_of(versions, when).edited for when in judged}
        former = _few(versions[:-1], judged_edits)
        return self.model_copy(update={"message": versions[-1], "former": former})

    def as_of(self, when: float) -> Message:
        """Return the version that was current at this time, or the oldest known."""
        return _as_of((*self.former, self.message), when)

    @staticmethod
    def placeholder(at: MessageId, shown: Shown) -> "Record":
        """Return the empty record of a forgotten message whose card may still arrive."""
        message = Message(id=at, user="", text="")
        return Record(message=message, deleted=True, shown=shown)

    def quotes_any(self, texts: Collection[str]) -> bool:
        """Return True if version 0.1 stored one of these texts as a quote in the prediction."""
        near = () if self.prediction is None else self.prediction.neighbours
        return any(not neighbour.id and neighbour.text in texts for neighbour in near)

    def unquoted(self, texts: Collection[str]) -> "Record":
        """Return the record without these texts in the quotes of its prediction."""
        if self.prediction is None:
            return self
        kept = tuple(
            replace(neighbour, text="")
            if not neighbour.id and neighbour.text in texts
            else neighbour
            for neighbour in self.prediction.neighbours
        )
        prediction = replace(self.prediction, neighbours=kept)
        return self.model_copy(update={"prediction": prediction})

    def without_text(self) -> "Record":
        """Return the record of the deleted message, without any text."""
        empty = self.message.model_copy(update={"text": "", "files": ()})
        return self.model_copy(update={"message": empty, "former": (), "deleted": True})


def _as_of(versions: Sequence[Message], when: float) -> Message:
    newest_first = reversed(versions)
    return next((each for each in newest_first if float(each.edited or 0) <= when), versions[0])


def _few(former: Sequence[Message], judged: set[str]) -> tuple[Message, ...]:
    """Return the versions to keep, oldest first: prefer judged versions, then newer ones.

    The first judged version, which the prediction is about, and the last are always kept.
    """
    known = [version for version in former if version.edited in judged]
    needed = {version.edited for version in (*known[:1], *known[-1:])}
    left = _FORMER_BYTES_MAX
    kept: set[str] = set()
    newest_first = former[::-1]
    by_need = sorted(
        newest_first,
        key=lambda version: (version.edited not in needed, version.edited not in judged),
    )
    for version in by_need:
        left -= _bytes(version)
        if version.edited in needed or (left >= 0 and len(kept) < _FORMER_MAX):
            kept.add(version.edited)
    return tuple(version for version in former if version.edited in kept)


def _bytes(message: Message) -> int:
    return sum(len(text.encode()) for text in (message.text, *message.files))


class ForgottenError(Exception):
    """The message was sent before its author was forgotten: store nothing of it."""


class HoldError(StorageError):
    """Another process holds this message: retry after `after_s` seconds."""

    after_s = 0.5


class HeldError(HoldError):
    """Another process held this message for the whole wait."""


class LostHoldError(HoldError):
    """The lease of this message expired, and another process may hold it: start over."""


_HOLD = """#!lua flags=allow-oom
-- KEYS lock record; ARGV token, lease ms
local stored = redis.call('GET', KEYS[2])
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {1, stored} end
return {0, false}
"""
_RENEW = """#!lua flags=allow-oom
-- KEYS lock; ARGV token, lease ms
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = """#!lua flags=allow-oom
-- KEYS lock; ARGV token
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""
_PUT = (
    EXPECT
    + COUNT
    + FORGOTTEN
    + """
-- KEYS lock record tally late forgotten card
-- ARGV token, record, seconds to keep, message, outcome, due, author of its text, ts
expect(KEYS[3], 'hash')
expect(KEYS[4], 'zset')
expect(KEYS[5], 'hash')
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if forgotten(KEYS[5], ARGV[7], ARGV[8]) then return 2 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
if ARGV[5] ~= '' then count(KEYS[3], ARGV[5], 1) end
if ARGV[6] == '' then redis.call('ZREM', KEYS[4], ARGV[4])
else redis.call('ZADD', KEYS[4], ARGV[6], ARGV[4]) end
if KEYS[6] then redis.call('SET', KEYS[6], ARGV[4], 'EX', ARGV[3]) end
return 1
"""
)


_FORGOTTEN = 2


class Records:
    """The records of all workspaces; a record is changed under a hold."""

    def __init__(self, redis: Client, keep_s: int = keys.RETENTION_S) -> None:
        self._redis = redis
        self.keep_s = keep_s
        self.hold = redis.register_script(_HOLD)
        self.renew = redis.register_script(_RENEW)
        self.release = redis.register_script(_RELEASE)
        self.put = redis.register_script(_PUT)

    @asynccontextmanager
    async def held(self, identity: MessageId) -> AsyncIterator["Hold"]:
        """Hold a message; raise HeldError if another process holds it for two seconds."""
        hold = Hold(self, identity)
        await hold.acquire()
        try:
            async with renewing(hold.renew, _LEASE_S / 4):
                yield hold
        finally:
            with suppress(StorageError):  # the lease expires instead
                await hold.leave()

    async def get(self, identity: MessageId) -> Record | None:
        """Return the record of a message, or None."""
        stored = await self._redis.get(keys.record(identity.team, identity.channel, identity.ts))
        return None if stored is None else Record.model_validate_json(stored)

    async def late(self, team: str, until: float) -> list[MessageId]:
        """Return the messages whose late cards are due for a search by a Unix time, in order."""
        found = await self._redis.zrange(keys.late(team), "-inf", until, byscore=True)
        pairs = [identity.split(":") for identity in found if identity.count(":") == 1]
        return [MessageId(team=team, channel=channel, ts=ts) for channel, ts in pairs]

    async def not_late(self, identity: MessageId) -> None:
        """Stop searching for late cards of a message that is no longer stored."""
        await self._redis.zrem(keys.late(identity.team), str(identity))

    async def of_item(self, item: MessageId) -> MessageId:
        """Return the message of a card; any other item is its own message."""
        found = await self._redis.get(keys.card(item.team, item.channel, item.ts))
        if found is None:
            return item
        channel, ts = found.split(":")
        return MessageId(team=item.team, channel=channel, ts=ts)


class Hold:
    """A message held under a lease; `record` is its stored record."""

    def __init__(self, records: Records, identity: MessageId) -> None:
        self.record: Record | None = None
        self._records = records
        self._identity = identity
        self._team = identity.team
        self._lock = keys.lock(identity.team, identity.channel, identity.ts)
        self._stored = keys.record(identity.team, identity.channel, identity.ts)
        self._token = secrets.token_hex(8)
        self._until = 0.0

    async def acquire(self) -> None:
        """Wait for the message; raise HeldError after two seconds."""
        until, pause = time.monotonic() + _HOLD_WAIT_S, 0.01
        while True:
            asked = time.monotonic()
            held, stored = await self._records.hold(
                keys=[self._lock, self._stored], args=[self._token, int(_LEASE_S * 1000)]
            )
            if held:
                self._until = asked + _LEASE_S
                self.record = None if stored is None else Record.model_validate_json(stored)
                return
            if asked > until:
                raise HeldError("another process holds this message")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    async def renew(self) -> None:
        """Renew the lease; no-op if another process holds it."""
        asked = time.monotonic()
        if await self._records.renew(keys=[self._lock], args=[self._token, int(_LEASE_S * 1000)]):
            self._until = asked + _LEASE_S

    def check(self) -> None:
        """Raise LostHoldError if the lease has expired, as after a pause of the process."""
        if time.monotonic() > self._until:
            raise LostHoldError("the lease of this message expired")

    async def put(self, record: Record, outcome: str = "") -> Record:
        """Store a record, and the reference from its card back to it.

        `outcome` counts a prediction as `labelled` or `abstained`, in the same step.
        Raise LostHoldError if the lease has expired, and ForgottenError if the author was
        forgotten after the message was sent.
        """
        if record == self.record:
            return record
        at = record.message.id
        due = record.shown.due
        places = [self._lock, self._stored]
        places += [key(self._team) for key in (keys.tally, keys.late, keys.forgotten)]
        if record.shown.card is not None:
            places.append(keys.card(at.team, record.shown.card.channel, record.shown.card.ts))
        stored = await self._records.put(
            keys=places,
            args=[
                self._token,
                record.model_dump_json(),
                self._records.keep_s,
                str(at),
                outcome,
                "" if due is None else due,
                "" if record.deleted else record.message.user,
                at.ts,
            ],
        )
        if not stored:
            raise LostHoldError("the lease of this message expired")
        if stored == _FORGOTTEN:
            raise ForgottenError(str(at))
        self.record = record
        return record

    async def stored(self) -> Record | None:
        """Return the record as stored now, by any process."""
        return await self._records.get(self._identity)

    async def leave(self) -> None:
        """Release the message; if that fails, the lease expires."""
        await self._records.release(keys=[self._lock], args=[self._token])
