"""What came from Slack and is not answered yet: stored before the ack, taken by workers."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter
from redis.exceptions import ResponseError

from support_triage.storage import keys
from support_triage.storage.connection import Client
from support_triage.storage.records import Frozen, Message, MessageId

_GROUP = "workers"
_TAKE_OVER_MS = 9_000

_RECEIVE_ONCE = """
if redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[2]) then
  redis.call('XADD', KEYS[1], '*', 'event', ARGV[1])
  return 1
end
return 0
"""


class Posted(Frozen):
    """A message was written, or edited when `message.edited` is set."""

    kind: Literal["posted"] = "posted"
    message: Message


class Deleted(Frozen):
    """A message was deleted."""

    kind: Literal["deleted"] = "deleted"
    id: MessageId


class Reacted(Frozen):
    """An emoji was put on a message or card, or taken off; `at` is Slack's event time."""

    kind: Literal["reacted"] = "reacted"
    item: MessageId
    user: str
    emoji: str
    added: bool
    at: str


Event = Annotated[Posted | Deleted | Reacted, Field(discriminator="kind")]
_EVENT: TypeAdapter[Posted | Deleted | Reacted] = TypeAdapter(Event)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in a worker's hands; `deliveries` counts how often it was handed out."""

    id: str
    event: Posted | Deleted | Reacted
    deliveries: int = 1


class Inbox:
    """A stream read by a group of workers; an entry stays until it is answered or buried."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._once = redis.register_script(_RECEIVE_ONCE)

    async def open(self) -> None:
        """Make the group of workers, once and for all."""
        try:
            await self._redis.xgroup_create(keys.inbox(), _GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def receive(self, event: Posted | Deleted | Reacted) -> bool:
        """Store an event; False when this new message is known already. Raises if not stored.

        Edits, deletions and reactions change nothing when they come twice, so only new
        messages are looked up by their identity.
        """
        content = event.model_dump_json()
        if isinstance(event, Posted) and not event.message.edited:
            at = event.message.id
            mark = keys.seen(at.team, at.channel, at.ts)
            stored = await self._once(keys=[keys.inbox(), mark], args=[content, keys.DEDUPE_S])
            return bool(stored)
        await self._redis.xadd(keys.inbox(), {"event": content})
        return True

    async def take(self, worker: str, count: int, wait_ms: int) -> list[Entry]:
        """Up to `count` entries: those whose worker died or failed first, else new ones."""
        overdue = await self._overdue(worker, count)
        if overdue:
            return overdue
        answer = await self._redis.xreadgroup(
            _GROUP, worker, {keys.inbox(): ">"}, count=count, block=wait_ms
        )
        return [
            Entry(entry_id, _EVENT.validate_json(fields["event"]))
            for _, entries in answer
            for entry_id, fields in entries
        ]

    async def _overdue(self, worker: str, count: int) -> list[Entry]:
        _, entries, *_ = await self._redis.xautoclaim(
            keys.inbox(), _GROUP, worker, min_idle_time=_TAKE_OVER_MS, start_id="0", count=count
        )
        taken = []
        for entry_id, fields in entries:
            pending = await self._redis.xpending_range(
                keys.inbox(), _GROUP, min=entry_id, max=entry_id, count=1
            )
            deliveries = pending[0]["times_delivered"] if pending else 1
            taken.append(Entry(entry_id, _EVENT.validate_json(fields["event"]), deliveries))
        return taken

    async def answered(self, entry: Entry) -> None:
        """Forget an entry: all it asked for is done."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xack(keys.inbox(), _GROUP, entry.id)
            pipe.xdel(keys.inbox(), entry.id)
            await pipe.execute()

    async def bury(self, entry: Entry, reason: str) -> None:
        """Move an entry to the dead letters, with the reason."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xadd(keys.dead(), {"event": entry.event.model_dump_json(), "reason": reason})
            pipe.xack(keys.inbox(), _GROUP, entry.id)
            pipe.xdel(keys.inbox(), entry.id)
            await pipe.execute()

    async def depth(self) -> int:
        """How many events are not answered yet."""
        return int(await self._redis.xlen(keys.inbox()))

    async def dead(self) -> int:
        """How many events were given up on."""
        return int(await self._redis.xlen(keys.dead()))
