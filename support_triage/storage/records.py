"""What is remembered of each message: itself, its prediction, and what was shown for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pydantic import BaseModel, ConfigDict
from redis.asyncio.lock import Lock
from redis.exceptions import RedisError

from support_triage.classifiers.base import Prediction
from support_triage.storage import keys
from support_triage.storage.connection import Client

_LEASE_S = 4.0  # a lock outlives its holder's death by this, less than the inbox's take-over
_LOCK_WAIT_S = 8.0


class Frozen(BaseModel):
    """A value that is stored as JSON."""

    model_config = ConfigDict(frozen=True)


class MessageId(Frozen):
    """The identity of a message in Slack."""

    team: str
    channel: str
    ts: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.ts}"


class Message(Frozen):
    """A support message as plain text; `edited` is the time of its last edit, "" if none."""

    id: MessageId
    user: str
    text: str
    edited: str = ""


class CardAt(Frozen):
    """Where a card stands, and a digest of what it shows."""

    channel: str
    ts: str
    content: str = ""


class Shown(Frozen):
    """What people see for a message, or may see: intentions are written before they are acted on.

    `emoji` is ours on the message, `maybe_emoji` those that may be there too; `posting` is the
    channel a card may have been posted to without a record; `stale` are cards to take down,
    `former` cards that were.
    """

    emoji: str | None = None
    maybe_emoji: tuple[str, ...] = ()
    card: CardAt | None = None
    posting: str | None = None
    stale: tuple[CardAt, ...] = ()
    former: tuple[CardAt, ...] = ()

    @property
    def cards(self) -> tuple[CardAt, ...]:
        """Every card there was, the present one last."""
        return (*self.former, *self.stale, *([] if self.card is None else [self.card]))


class Record(Frozen):
    """All that is known of one message; `predicted_edit` is the edit the prediction is for."""

    message: Message
    deleted: bool = False
    prediction: Prediction | None = None
    predicted_edit: str = ""
    shown: Shown = Shown()


async def _renew(lock: Lock) -> None:
    with suppress(RedisError):  # lost: the holder's release says so
        while True:
            await asyncio.sleep(_LEASE_S / 3)
            await lock.reacquire()


class Records:
    """Records in Redis, and the lock under which one is changed."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    @asynccontextmanager
    async def locked(self, identity: MessageId) -> AsyncIterator[None]:
        """Hold a message; redis.exceptions.LockError when another holds it for too long."""
        key = keys.lock(identity.team, identity.channel, identity.ts)
        lock = self._redis.lock(key, timeout=_LEASE_S, blocking_timeout=_LOCK_WAIT_S, sleep=0.02)
        async with lock:
            renewing = asyncio.create_task(_renew(lock))
            try:
                yield
            finally:
                renewing.cancel()

    async def get(self, identity: MessageId) -> Record | None:
        """The record of this message, None when it is not known."""
        stored = await self._redis.get(keys.record(identity.team, identity.channel, identity.ts))
        return None if stored is None else Record.model_validate_json(stored)

    async def put(self, record: Record) -> None:
        """Store a record, and the way from its card back to it."""
        identity = record.message.id
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(
                keys.record(identity.team, identity.channel, identity.ts),
                record.model_dump_json(),
                ex=keys.RETENTION_S,
            )
            if record.shown.card is not None:
                at = record.shown.card
                pipe.set(
                    keys.card(identity.team, at.channel, at.ts), str(identity), ex=keys.RETENTION_S
                )
            await pipe.execute()

    async def of_item(self, item: MessageId) -> MessageId:
        """The message that a card is about; any other item is its own message."""
        found = await self._redis.get(keys.card(item.team, item.channel, item.ts))
        if found is None:
            return item
        channel, ts = found.split(":")
        return MessageId(team=item.team, channel=channel, ts=ts)
