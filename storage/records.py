"""What is remembered of each message: itself, its prediction, and what was shown for it."""

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
from storage.server.connection import Client
from storage.server.leases import renewed
from storage.server.lua import COUNT, EXPECT, FORGOTTEN

_LEASE_S = 4.0  # a hold outlives its holder's death by this, less than the inbox's take-over
_HOLD_WAIT_S = 2.0
_FORMER_MAX = 19
_FORMER_BYTES_MAX = 32_000  # of the texts before the newest: some eight of the longest in English


class CardAt(Frozen):
    """Where a card stands, and a digest of what it shows."""

    channel: str
    ts: str
    content: str = ""


class Posting(Frozen):
    """The intention to post a card in a channel, and how far its history was searched for it.

    The card is not older than `since` (Slack's time). What is newer than `until` was looked at,
    and `found` are the cards in it. A call that Slack `answered` cannot land later. Others, made
    `at` a Unix time, are looked for again when they are `due`; `looks` counts that.
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
    """What people see for a message, or may see: intentions are written before they are acted on.

    `emoji` is ours on the message, `maybe_emoji` those that may be there too; `posting` is where a
    card may have been posted without a record, `late` where one may still arrive; `stale` are cards
    to take down, `former` cards that were. `refused` is the digest of a card that Slack did not
    take, in whose place one without text is shown.
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
        """When to look again for a card that may arrive late, in Unix seconds."""
        return min((one.due for one in self.late), default=None)

    @property
    def cards(self) -> tuple[CardAt, ...]:
        """Every card there was, the present one last."""
        return (*self.former, *self.stale, *([] if self.card is None else [self.card]))


class Record(Frozen):
    """All that is known of one message; `predicted_edit` is the edit the prediction is for.

    `message` is its newest text, `former` are those before it, oldest first. `problems` are the
    parts that Slack refuses to show, as they are noted for `status`.
    """

    message: Message
    former: tuple[Message, ...] = ()
    deleted: bool = False
    prediction: Prediction | None = None
    predicted_edit: str = ""
    shown: Shown = Shown()
    problems: tuple[str, ...] = ()

    def with_version(self, message: Message, judged: Sequence[float] = ()) -> "Record":
        """Return it with one more version of the text; what was deleted stays without.

        Few former versions are kept, some 32 kB of them: those that stood at the times in `judged`,
        which agents' emoji are about, come before others.
        """
        if self.deleted:
            return self
        known = {one.edited: one for one in (message, *self.former, self.message)}
        versions = sorted(known.values(), key=lambda one: float(one.edited or 0))
        judged_edits = {_as_of(versions, when).edited for when in judged}
        former = _few(versions[:-1], judged_edits)
        return self.model_copy(update={"message": versions[-1], "former": former})

    def as_of(self, when: float) -> Message:
        """Return the text that stood at this time, or the oldest known."""
        return _as_of((*self.former, self.message), when)

    @staticmethod
    def nobody(at: MessageId, shown: Shown) -> "Record":
        """Return what is left of a forgotten message while a card of it may still land."""
        message = Message(id=at, user="", text="")
        return Record(message=message, deleted=True, shown=shown)

    def quotes_any(self, texts: Collection[str]) -> bool:
        """Return whether its prediction quotes one of these texts, as version 0.1 stored it."""
        near = () if self.prediction is None else self.prediction.neighbours
        return any(not one.id and one.text in texts for one in near)

    def unquoted(self, texts: Collection[str]) -> "Record":
        """Return it without these texts in the quotes of its prediction."""
        if self.prediction is None:
            return self
        kept = tuple(
            replace(one, text="") if not one.id and one.text in texts else one
            for one in self.prediction.neighbours
        )
        prediction = replace(self.prediction, neighbours=kept)
        return self.model_copy(update={"prediction": prediction})

    def gone(self) -> "Record":
        """With every text forgotten."""
        empty = self.message.model_copy(update={"text": "", "files": ()})
        return self.model_copy(update={"message": empty, "former": (), "deleted": True})


def _as_of(versions: Sequence[Message], when: float) -> Message:
    return next((one for one in reversed(versions) if float(one.edited or 0) <= when), versions[0])


def _few(former: Sequence[Message], judged: set[str]) -> tuple[Message, ...]:
    """Return few versions, oldest first: judged ones before others, the newest before older ones.

    The first judged version, which the prediction is about, and the last are kept in any case.
    """
    known = [one for one in former if one.edited in judged]
    needed = {one.edited for one in (*known[:1], *known[-1:])}
    left = _FORMER_BYTES_MAX
    kept: set[str] = set()
    newest_first = former[::-1]
    for one in sorted(
        newest_first, key=lambda one: (one.edited not in needed, one.edited not in judged)
    ):
        left -= _bytes(one)
        if one.edited in needed or (left >= 0 and len(kept) < _FORMER_MAX):
            kept.add(one.edited)
    return tuple(one for one in former if one.edited in kept)


def _bytes(message: Message) -> int:
    return sum(len(text.encode()) for text in (message.text, *message.files))


class ForgottenError(Exception):
    """A message was sent before its author was forgotten: nothing of it is to be stored."""


class HoldError(StorageError):
    """A message cannot be changed now, as another holds it: try again in `after_s`."""

    after_s = 0.5


class HeldError(HoldError):
    """Another is at work on this message."""


class LostHoldError(HoldError):
    """The lease of a message ran out, and another may hold it: start over."""


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
    """Records in Redis, and the hold under which one is changed."""

    def __init__(self, redis: Client, keep_s: int = keys.RETENTION_S) -> None:
        self._redis = redis
        self.keep_s = keep_s
        self.hold = redis.register_script(_HOLD)
        self.renew = redis.register_script(_RENEW)
        self.release = redis.register_script(_RELEASE)
        self.put = redis.register_script(_PUT)

    @asynccontextmanager
    async def held(self, identity: MessageId) -> AsyncIterator["Hold"]:
        """Hold a message; HeldError when another holds it for too long."""
        hold = Hold(self, identity)
        await hold.acquire()
        try:
            async with renewed(hold.renew, _LEASE_S / 4):
                yield hold
        finally:
            with suppress(StorageError):  # then it runs out
                await hold.leave()

    async def get(self, identity: MessageId) -> Record | None:
        """The record of this message, None when it is not known."""
        stored = await self._redis.get(keys.record(identity.team, identity.channel, identity.ts))
        return None if stored is None else Record.model_validate_json(stored)

    async def late(self, team: str, until: float) -> list[MessageId]:
        """The messages whose cards are to be looked for again by a Unix time, earliest first."""
        found = await self._redis.zrange(keys.late(team), "-inf", until, byscore=True)
        pairs = [one.split(":") for one in found]
        return [MessageId(team=team, channel=one[0], ts=one[1]) for one in pairs if len(one) == 2]  # noqa: PLR2004 - as written by `put`

    async def not_late(self, identity: MessageId) -> None:
        """Look for no card of a message any more: it is not known now."""
        await self._redis.zrem(keys.late(identity.team), str(identity))

    async def of_item(self, item: MessageId) -> MessageId:
        """The message that a card is about; any other item is its own message."""
        found = await self._redis.get(keys.card(item.team, item.channel, item.ts))
        if found is None:
            return item
        channel, ts = found.split(":")
        return MessageId(team=item.team, channel=channel, ts=ts)


class Hold:
    """A message held under a lease; `record` is what is stored of it."""

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
        """Wait for the message; HeldError where that takes too long."""
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
                raise HeldError("another is at work on this message")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    async def renew(self) -> None:
        """Renew the lease; nothing where it is another's by now."""
        asked = time.monotonic()
        if await self._records.renew(keys=[self._lock], args=[self._token, int(_LEASE_S * 1000)]):
            self._until = asked + _LEASE_S

    def check(self) -> None:
        """Raise LostHoldError where the lease ran out, as for a process that was stopped."""
        if time.monotonic() > self._until:
            raise LostHoldError("the lease of this message ran out")

    async def put(self, record: Record, outcome: str = "") -> Record:
        """Store a record, and the way from its card back to it; LostHoldError if not ours now.

        ForgottenError where its author was forgotten since the message was sent.
        `outcome` counts a prediction as `labelled` or `abstained`, in the same step.
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
            raise LostHoldError("the lease of this message ran out")
        if stored == _FORGOTTEN:
            raise ForgottenError(str(at))
        self.record = record
        return record

    async def stored(self) -> Record | None:
        """What is stored now, by whomever."""
        return await self._records.get(self._identity)

    async def leave(self) -> None:
        """Give the message back; where that fails, the lease runs out."""
        await self._records.release(keys=[self._lock], args=[self._token])
