"""The team's reactions, its current examples, and the feed of their changes."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter

from classifiers.base import Example
from storage import keys
from storage.messages import Frozen, MessageId
from storage.server.lua import COUNT, EXPECT, FORGOTTEN
from storage.server.protocol import Client
from storage.server.readable import parsed, read, read_all
from storage.tombstones import Tombstones

FEED_LENGTH = 10_000
"""Approximate number of changes that the feed keeps."""

_PUT = (
    EXPECT
    + COUNT
    + FORGOTTEN
    + """
-- KEYS examples counts history changes order forgotten
-- ARGV length of the feed, then id, example, history
local function refused(id, row)
  local readable, found = pcall(cjson.decode, row)
  if not readable or type(found) ~= 'table' then return false end
  return forgotten(KEYS[6], found['author'], id:match(':([%d.]+)$'))
end
expect(KEYS[6], 'hash')
for n = 1, 3 do expect(KEYS[n], 'hash') end
expect(KEYS[4], 'stream')
expect(KEYS[5], 'zset')
local changed = 0
for place = 2, #ARGV, 3 do
  local id, content, history = ARGV[place], ARGV[place + 1], ARGV[place + 2]
  local old = redis.call('HGET', KEYS[1], id)
  if refused(id, content) then content, history = '', '[]' end
  if history == '[]' then
    redis.call('HDEL', KEYS[3], id)
  else
    redis.call('HSET', KEYS[3], id, history)
  end
  if (old or '') ~= content then
    changed = changed + 1
    if old then count(KEYS[2], label_of(old), -1) end
    if content == '' then
      redis.call('HDEL', KEYS[1], id)
      redis.call('ZREM', KEYS[5], id)
    else
      redis.call('HSET', KEYS[1], id, content)
      count(KEYS[2], label_of(content), 1)
      if not old then
        local last = redis.call('ZRANGE', KEYS[5], -1, -1, 'WITHSCORES')[2] or '0'
        redis.call('ZADD', KEYS[5], last + 1, id)
      end
    end
    redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[1], '*', 'id', id)
  end
end
return changed
"""
)

_PAGE = """
local found = redis.call(
  'ZRANGE', KEYS[1], '(' .. ARGV[1], ARGV[2], 'BYSCORE', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
local ids = {}
for place = 1, #found, 2 do ids[#ids + 1] = found[place] end
if #ids == 0 then return {ARGV[1], {}} end
return {found[#found], redis.call('HMGET', KEYS[2], unpack(ids))}
"""


class Reaction(Frozen):
    """An agent's emoji, added or removed; `label` None means the emoji for confirmations."""

    at: str
    user: str
    emoji: str
    added: bool
    label: str | None
    item: str


class Correction(Frozen):
    """A change of a message's label: who, when, from which label to which (None: no label)."""

    who: str
    when: str
    before: str | None
    after: str | None


class StoredExample(Frozen):
    """A current example; `predicted` and `confidence` are the bot's (None: it abstained)."""

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

    def as_example(self) -> Example:
        """Return the example in the classifiers' form."""
        return Example(self.id, self.text, self.label)


_HISTORY: TypeAdapter[tuple[Correction, ...]] = TypeAdapter(
    tuple[Correction, ...], config=ConfigDict(cache_strings="keys")
)


class Examples:
    """The examples of all workspaces."""

    def __init__(self, redis: Client, keep_s: int = keys.RETENTION_S) -> None:
        self._redis = redis
        self._keep_s = keep_s
        self.tombstones = Tombstones(redis)
        self._put = redis.register_script(_PUT)
        self._page = redis.register_script(_PAGE)

    async def add_reaction(self, item: MessageId, reaction: Reaction) -> None:
        """Store a reaction; no-op if the same reaction is stored already."""
        key = keys.reactions(item.team, item.channel, item.ts)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(key, {reaction.model_dump_json(): float(reaction.at)})
            pipe.expire(key, self._keep_s)
            await pipe.execute()

    async def reactions(self, items: Sequence[MessageId]) -> list[Reaction]:
        """Return all reactions on these messages and cards, oldest first."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for item in items:
                pipe.zrange(keys.reactions(item.team, item.channel, item.ts), 0, -1)
            stored = [row for rows in await pipe.execute() for row in rows]
        found = read_all(Reaction, stored, "reaction")
        return sorted(found, key=lambda each: (float(each.at), each.added, each.user, each.emoji))

    async def put(
        self,
        team: str,
        identity: str,
        example: StoredExample | None,
        history: Sequence[Correction] = (),
    ) -> bool:
        """Set or remove (None) a current example and its history; return True if it changed."""
        return bool(await self.put_all(team, [(identity, example, history)]))

    async def put_all(
        self, team: str, changes: Sequence[tuple[str, StoredExample | None, Sequence[Correction]]]
    ) -> int:
        """Set or remove current examples, each with its history; return the number changed.

        Histories, examples, their order, counts and feed change in one atomic step. Pass at most a
        few hundred: Redis serves no other client meanwhile. Examples of an author who was forgotten
        since are removed.
        """
        arguments: list[str | bytes] = [str(FEED_LENGTH)]
        for identity, example, history in changes:
            content = "" if example is None else example.model_dump_json()
            arguments += [identity, content, _HISTORY.dump_json(tuple(history))]
        used = (keys.examples, keys.counts, keys.history, keys.changes, keys.order, keys.forgotten)
        return int(await self._put(keys=[key(team) for key in used], args=arguments))

    async def history(self, team: str, identity: str) -> tuple[Correction, ...]:
        """Return the corrections of a message, oldest first."""
        stored = await self._redis.hget(keys.history(team), identity)
        return () if stored is None else _corrections(stored)

    async def histories(self, team: str) -> AsyncIterator[tuple[Correction, ...]]:
        """Yield the corrections of each message, in no order; writes may cause repeats."""
        async for _, stored in self._redis.hscan_iter(keys.history(team), count=500):
            yield _corrections(stored)

    async def get(self, team: str, identities: Sequence[str]) -> list[StoredExample | None]:
        """Return the current examples of these ids, each None if there is no such example."""
        if not identities:
            return []
        stored = await self._redis.hmget(keys.examples(team), list(identities))
        return [None if row is None else read(StoredExample, row, "example") for row in stored]

    async def last(self, team: str) -> str:
        """Return the position of the example that was added last, as `until` for `page`."""
        found = await self._redis.zrange(keys.order(team), -1, -1, withscores=True)
        return f"{found[0][1]:.0f}" if found else "0"

    async def page(
        self, team: str, after: str, until: str, count: int = 500
    ) -> tuple[str, list[StoredExample]]:
        """Return up to `count` examples that were added after a position, and the new position.

        An example keeps its position while it is current, even if it is relabelled. Pages from "0"
        to the position from `last` therefore list each example that stays current exactly once,
        whatever is written meanwhile. Any process can continue from any position.
        """
        position, stored = await self._page(
            keys=[keys.order(team), keys.examples(team)], args=[after, until, count]
        )
        return position, read_all(StoredExample, filter(None, stored), "example")

    async def iterate(self, team: str) -> AsyncIterator[StoredExample]:
        """Yield all current examples, oldest position first; safe during writes."""
        position, until = "0", await self.last(team)
        while True:
            reached, page = await self.page(team, position, until)
            if reached == position:
                return
            position = reached
            for example in page:
                yield example

    async def present_label(self, team: str, label: str, names: Sequence[str]) -> str:
        """Return the current name of a label: itself if it is in `names` or was not renamed."""
        for _ in range(8):  # follows several renames, and ends if they form a circle
            if label in names:
                return label
            found = await self._redis.hget(keys.label_moves(team), label)
            if found is None:
                return label
            label = str(found)
        return label

    async def counts(self, team: str) -> dict[str, int]:
        """Return the number of current examples by label."""
        stored = await self._redis.hgetall(keys.counts(team))
        return {label: int(count) for label, count in stored.items() if int(count) > 0}

    async def newest_change(self, team: str) -> str:
        """Return the position of the feed's end, for `changed_since`."""
        newest: list[Any] = await self._redis.xrevrange(keys.changes(team), count=1)
        return str(newest[0][0]) if newest else "0-0"

    async def changed_since(self, team: str, position: str) -> tuple[str, list[str] | None]:
        """Return the new position, and the ids of examples that changed after `position`.

        The ids are None if the feed no longer reaches back that far: read all examples again.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xrange(keys.changes(team), count=1)
            pipe.xrange(keys.changes(team), min=f"({position}")
            oldest, entries = await pipe.execute()
        if not entries:
            return position, []
        newest = str(entries[-1][0])
        if _place(oldest[0][0]) > _place(position) and await self._trimmed(team):
            return newest, None
        return newest, [fields["id"] for _, fields in entries if "id" in fields]

    async def _trimmed(self, team: str) -> bool:
        about = await self._redis.xinfo_stream(keys.changes(team))
        return int(about["entries-added"]) > int(about["length"])


def _corrections(stored: str) -> tuple[Correction, ...]:
    return parsed(_HISTORY.validate_json, stored, "history") or ()


def _place(position: str) -> tuple[int, int]:
    time, _, number = position.partition("-")
    return int(time), int(number)
