"""What the team has taught: reactions as they came, standing examples, and the feed of changes."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter

from support_triage.storage import keys
from support_triage.storage.connection import Client
from support_triage.storage.records import Frozen, MessageId

_FEED_LENGTH = 10_000

_STAND = """
local old = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
if (old or '') == ARGV[2] then return 0 end
if old then redis.call('HINCRBY', KEYS[2], cjson.decode(old)['label'], -1) end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[2], cjson.decode(ARGV[2])['label'], 1)
end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', 'id', ARGV[1])
return 1
"""


class Reaction(Frozen):
    """An agent's emoji on or off a message or card; `label` None is the confirm emoji."""

    at: str
    user: str
    emoji: str
    added: bool
    label: str | None
    item: str


class Correction(Frozen):
    """One step of a message's label: who, when, from what, to what (None: taken back)."""

    who: str
    when: str
    before: str | None
    after: str | None


class StoredExample(Frozen):
    """A standing example; `predicted` and `confidence` are what the bot had said (None: unsure)."""

    id: str
    text: str
    label: str
    source: Literal["correction", "confirmation", "import"]
    label_set: str
    when: str
    author: str = ""
    predicted: str | None = None
    confidence: float | None = None
    classifier: str = ""


_HISTORY: TypeAdapter[tuple[Correction, ...]] = TypeAdapter(tuple[Correction, ...])


class Examples:
    """The examples of all workspaces."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._stand = redis.register_script(_STAND)

    async def add_reaction(self, item: MessageId, reaction: Reaction) -> None:
        """Remember a reaction; the same one twice is one."""
        key = keys.reactions(item.team, item.channel, item.ts)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(key, {reaction.model_dump_json(): float(reaction.at)})
            pipe.expire(key, keys.RETENTION_S)
            await pipe.execute()

    async def reactions(self, items: Sequence[MessageId]) -> list[Reaction]:
        """All reactions on these messages and cards, oldest first."""
        stored: list[str] = []
        for item in items:
            stored += await self._redis.zrange(
                keys.reactions(item.team, item.channel, item.ts), 0, -1
            )
        found = [Reaction.model_validate_json(one) for one in stored]
        return sorted(found, key=lambda one: (float(one.at), one.added, one.user, one.emoji))

    async def stand(
        self,
        team: str,
        identity: str,
        example: StoredExample | None,
        history: Sequence[Correction] = (),
    ) -> bool:
        """Set or take back a standing example with its history; True when it changed.

        History, example, count per label and feed change in one atomic step.
        """
        content = "" if example is None else example.model_dump_json()
        changed = await self._stand(
            keys=[
                keys.examples(team),
                keys.counts(team),
                keys.history(team),
                keys.changes(team),
            ],
            args=[identity, content, _HISTORY.dump_json(tuple(history)), _FEED_LENGTH],
        )
        return bool(changed)

    async def history(self, team: str, identity: str) -> tuple[Correction, ...]:
        """The corrections of a message, oldest first."""
        stored = await self._redis.hget(keys.history(team), identity)
        return () if stored is None else _HISTORY.validate_json(stored)

    async def get(self, team: str, identities: Sequence[str]) -> list[StoredExample | None]:
        """The standing examples of these ids, None where there is none."""
        if not identities:
            return []
        stored = await self._redis.hmget(keys.examples(team), list(identities))
        return [None if one is None else StoredExample.model_validate_json(one) for one in stored]

    async def iterate(self, team: str) -> AsyncIterator[StoredExample]:
        """Each standing example once, in no order; safe while others write."""
        seen: set[str] = set()
        async for identity, stored in self._redis.hscan_iter(keys.examples(team), count=500):
            if identity not in seen:
                seen.add(identity)
                yield StoredExample.model_validate_json(stored)

    async def counts(self, team: str) -> dict[str, int]:
        """Standing examples by label."""
        stored = await self._redis.hgetall(keys.counts(team))
        return {label: int(count) for label, count in stored.items() if int(count) > 0}

    async def newest_change(self, team: str) -> str:
        """Where the feed ends now: an id for `changed_since`."""
        newest: list[Any] = await self._redis.xrevrange(keys.changes(team), count=1)
        return str(newest[0][0]) if newest else "0-0"

    async def changed_since(self, team: str, position: str) -> tuple[str, list[str]]:
        """Ids of examples changed after `position`, and the new position."""
        entries = await self._redis.xrange(keys.changes(team), min=f"({position}")
        if not entries:
            return position, []
        return str(entries[-1][0]), [fields["id"] for _, fields in entries]
