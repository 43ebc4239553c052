"""Forget requests and their progress; each request ends exactly once."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from storage import keys
from storage.messages import Frozen
from storage.server.lua import EXPECT
from storage.server.protocol import Client
from storage.workspace.workspaces import AUDIT_LENGTH

_KEPT_S = 30 * 24 * 3600

_BEGIN = (
    EXPECT
    + """
-- KEYS forgotten forgetting forget; ARGV person, who, trigger, messages
for n = 1, 3 do expect(KEYS[n], 'hash') end
if ARGV[3] ~= '' and redis.call('HGET', KEYS[3], 'trigger') == ARGV[3] then return 0 end
local t = redis.call('TIME')
local now = string.format('%d.%06d', t[1], t[2])
redis.call('HSET', KEYS[1], ARGV[1], now)
redis.call('HINCRBY', KEYS[1], '', 1)
local runs = redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1
if not runs or redis.call('HEXISTS', KEYS[3], 'finished') == 1 then
  redis.call('DEL', KEYS[3])
  redis.call('HSET', KEYS[3], 'user', ARGV[1], 'who', ARGV[2], 'begun', now)
end
redis.call('HSET', KEYS[3], 'trigger', ARGV[3])
redis.call('HSET', KEYS[3], 'expected', ARGV[4] + (redis.call('HGET', KEYS[3], 'messages') or 0))
redis.call('HSET', KEYS[2], ARGV[1], now)
return 1
"""
)
_END = (
    "#!lua flags=allow-oom\n"
    + EXPECT
    + """
-- KEYS forgetting forget ids audit; ARGV person, asked, seconds to keep, length of the audit
expect(KEYS[1], 'hash')
expect(KEYS[2], 'hash')
expect(KEYS[4], 'stream')
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if redis.call('HEXISTS', KEYS[2], 'finished') == 1 then return 0 end
local t = redis.call('TIME')
redis.call('HSET', KEYS[2], 'finished', string.format('%d.%06d', t[1], t[2]))
redis.call('HDEL', KEYS[2], 'problem')
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('DEL', KEYS[3])
redis.call('XADD', KEYS[4], 'MAXLEN', ARGV[4], '*', 'who', redis.call('HGET', KEYS[2], 'who'),
  'what', 'forgotten', 'details', cjson.encode({user = ARGV[1]}))
return 1
"""
)
_CLOSE = """
-- KEYS forgetting forget; ARGV person
if redis.call('HEXISTS', KEYS[2], 'finished') == 1 then redis.call('HDEL', KEYS[1], ARGV[1]) end
"""


class Forget(Frozen):
    """A forget request, and the counts of what it has removed so far; times are Unix seconds.

    `expected` is the number of messages found at its start. `left` are the cards that Slack refused
    to delete, with the reason. `told` is True once the requester has the report.
    """

    user: str
    who: str
    begun: float
    trigger: str = ""
    expected: int = 0
    messages: int = 0
    cards: int = 0
    examples: int = 0
    events: int = 0
    snapshots: tuple[str, ...] = ()
    left: Mapping[str, str] = Field(default_factory=dict)
    problem: str = ""
    finished: float | None = None
    told: bool = False

    @field_validator("snapshots", "left", mode="before")
    @classmethod
    def _stored(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value


class Forgets:
    """The forget requests of one workspace."""

    def __init__(self, redis: Client, team: str) -> None:
        self._redis = redis
        self._team = team
        self._begin = redis.register_script(_BEGIN)
        self._end = redis.register_script(_END)
        self._close = redis.register_script(_CLOSE)

    async def begin(self, user: str, who: str, messages: int, trigger: str = "") -> bool:
        """Begin a request; from then on, refuse messages that the person sent before it.

        Return False if the same command began it before. A request during an earlier request for
        the same person makes the earlier request search everything again.
        """
        used = [keys.forgotten(self._team), keys.forgetting(self._team)]
        began = await self._begin(
            keys=[*used, keys.forget(self._team, user)], args=[user, who, trigger, messages]
        )
        return bool(began)

    async def running(self) -> dict[str, str]:
        """Return the running requests: the time of the last request by user."""
        found: dict[str, str] = await self._redis.hgetall(keys.forgetting(self._team))
        return found

    async def get(self, user: str) -> Forget | None:
        """Return the newest request for a person, or None."""
        stored = await self._redis.hgetall(keys.forget(self._team, user))
        return Forget.model_validate(stored) if stored else None

    async def all(self) -> list[Forget]:
        """Return the requests that run or ended in the last 30 days, newest first."""
        users = [user for user in await self._redis.hkeys(keys.forgotten(self._team)) if user]
        found = [await self.get(user) for user in users]
        return sorted((forget for forget in found if forget), key=lambda forget: -forget.begun)

    async def note(self, user: str, **changes: Any) -> None:
        """Store changed fields of a request, such as `problem`."""
        stored = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in changes.items()
        }
        await self._redis.hset(keys.forget(self._team, user), mapping=stored)

    async def end(self, user: str, asked: str) -> bool:
        """End and audit a request; return False if it has ended, or was repeated since `asked`."""
        places = [keys.forgetting(self._team), keys.forget(self._team, user)]
        places += [keys.forget_ids(self._team, user), keys.audit(self._team)]
        return bool(await self._end(keys=places, args=[user, asked, _KEPT_S, AUDIT_LENGTH]))

    async def claim_report(self, user: str) -> bool:
        """Claim the report to the requester; return True to exactly one caller."""
        return bool(await self._redis.hsetnx(keys.forget(self._team, user), "told", "1"))

    async def release_report(self, user: str) -> None:
        """Release the claim of a report that could not be sent."""
        await self._redis.hdel(keys.forget(self._team, user), "told")

    async def close(self, user: str) -> None:
        """Remove an ended request from the running ones, after its report was sent."""
        await self._close(
            keys=[keys.forgetting(self._team), keys.forget(self._team, user)], args=[user]
        )
