"""Moves of examples after a change of their label: relabelled, set aside or restored."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

from storage import keys
from storage.examples.examples import FEED_LENGTH, StoredExample
from storage.server.lua import COUNT, EXPECT
from storage.server.protocol import Client
from storage.server.readable import read

_READY = (
    EXPECT
    + COUNT
    + """
-- KEYS examples counts changes order aside
for _, n in ipairs({1, 2, 5}) do expect(KEYS[n], 'hash') end
expect(KEYS[3], 'stream')
expect(KEYS[4], 'zset')
"""
)

_MOVE = (
    _READY
    + """
local moved = 0
for place = 2, #ARGV, 4 do
  local id, label, since, content = unpack(ARGV, place, place + 3)
  local old = redis.call('HGET', KEYS[1], id)
  local readable, example = pcall(cjson.decode, old or '')
  if old and readable and example['label'] == label and example['when'] == since then
    count(KEYS[2], label, -1)
    if content == '' then
      redis.call('HSET', KEYS[5], id, old)
      redis.call('HDEL', KEYS[1], id)
      redis.call('ZREM', KEYS[4], id)
    else
      redis.call('HSET', KEYS[1], id, content)
      count(KEYS[2], label_of(content), 1)
    end
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[1], '*', 'id', id)
    moved = moved + 1
  end
end
return moved
"""
)

_BRING_BACK = (
    _READY
    + """
local back = 0
for place = 2, #ARGV, 2 do
  local id, content = ARGV[place], ARGV[place + 1]
  if redis.call('HDEL', KEYS[5], id) == 1 and redis.call('HSETNX', KEYS[1], id, content) == 1 then
    count(KEYS[2], label_of(content), 1)
    local last = redis.call('ZRANGE', KEYS[4], -1, -1, 'WITHSCORES')[2] or '0'
    redis.call('ZADD', KEYS[4], last + 1, id)
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[1], '*', 'id', id)
    back = back + 1
  end
end
return back
"""
)


class LabelMoves:
    """Moves the examples of a label that is renamed, merged, split or removed."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._move = redis.register_script(_MOVE)
        self._bring_back = redis.register_script(_BRING_BACK)

    def _keys(self, team: str) -> list[str]:
        used = (keys.examples, keys.counts, keys.changes, keys.order, keys.aside)
        return [key(team) for key in used]

    async def move(
        self, team: str, changes: Sequence[tuple[StoredExample, StoredExample | None]]
    ) -> int:
        """Replace examples by others, or set them aside (None); return the number moved.

        An example that an agent has changed since it was read is skipped. Histories do not change.
        This is one atomic step: pass at most a few hundred.
        """
        arguments = [str(FEED_LENGTH)]
        for old, new in changes:
            content = "" if new is None else new.model_dump_json()
            arguments += [old.id, old.label, old.when, content]
        return int(await self._move(keys=self._keys(team), args=arguments))

    async def aside(self, team: str) -> AsyncIterator[StoredExample]:
        """Yield the examples that were set aside, in no order."""
        seen: set[str] = set()
        async for identity, stored in self._redis.hscan_iter(keys.aside(team), count=500):
            if identity not in seen:
                seen.add(identity)
                example = read(StoredExample, stored, "example set aside")
                if example is not None:
                    yield example

    async def count_aside(self, team: str) -> Counter[str]:
        """Return the number of examples that were set aside, by label."""
        return Counter([example.label async for example in self.aside(team)])

    async def bring_back(self, team: str, examples: Sequence[StoredExample]) -> int:
        """Restore examples that were set aside, unless their message has a newer label."""
        arguments = [str(FEED_LENGTH)]
        for example in examples:
            arguments += [example.id, example.model_dump_json()]
        return int(await self._bring_back(keys=self._keys(team), args=arguments))

    async def remember(self, team: str, renamed: Mapping[str, str]) -> None:
        """Store the current names of labels, to map old reactions and predictions to them."""
        if renamed:
            await self._redis.hset(keys.label_moves(team), mapping=dict(renamed))
