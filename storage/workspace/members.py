"""The members of user groups as Slack last listed them, shared by a workspace's processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from storage import keys
from storage.messages import Frozen
from storage.server.protocol import Client
from storage.server.readable import read

ASK_EVERY_S: Final = 30.0
"""Seconds between two look-ups of a group, for all processes together.

The limit holds however many strangers react. Slack allows 20 calls a minute, so raise this if there
are more than ten groups.
"""

_KEPT_S: Final = 7 * 24 * 3600  # drops groups that triage.toml no longer names


class Membership(Frozen):
    """The members of a group as of `at`, and the result of the newest look-up, at `tried`.

    Times are Unix seconds by Redis's clock, 0 for never. `problem` is empty if the newest look-up
    succeeded. `refused_at` is the newest look-up that Slack refused, so an operator must act.
    """

    users: frozenset[str] = frozenset()
    at: float = 0.0
    tried: float = 0.0
    problem: str = ""
    refused_at: float = 0.0

    def answered_since(self, when: float) -> bool:
        """Return True if Slack listed the members, or refused to, at this time or later."""
        last = max(self.at, self.refused_at)
        return last > 0 and last >= when

    @property
    def refused(self) -> bool:
        """Return True if Slack's newest answer is a refusal to list the members."""
        return self.refused_at > self.at


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to look up a group: granted `at` a Unix time, or free in `wait_s` seconds."""

    at: float
    wait_s: float


_READ = """#!lua flags=no-writes
-- KEYS members; ARGV groups
local t = redis.call('TIME')
return {string.format('%.0f', t[1] * 1000000 + t[2]), redis.call('HMGET', KEYS[1], unpack(ARGV))}
"""
_CLAIM = """#!lua flags=allow-oom
-- KEYS asking; ARGV ms until the next claim
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000000 + t[2])
if redis.call('SET', KEYS[1], now, 'NX', 'PX', ARGV[1]) then return {now, 0} end
return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
"""
_PUT = """#!lua flags=allow-oom
-- KEYS members; ARGV group, membership, time of the look-up, seconds to keep
local there = redis.call('HGET', KEYS[1], ARGV[1])
local read, known = pcall(cjson.decode, there)
local tried = read and type(known) == 'table' and tonumber(known.tried)
if tried and tried > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""


class Members:
    """The memberships of one workspace's groups, by their name in triage.toml."""

    def __init__(self, redis: Client, team: str) -> None:
        self._team = team
        self._read = redis.register_script(_READ)
        self._claim = redis.register_script(_CLAIM)
        self._put = redis.register_script(_PUT)

    async def read(self, groups: Sequence[str]) -> tuple[float, dict[str, Membership]]:
        """Return Redis's time (Unix seconds) and the known membership of each group."""
        if not groups:
            return 0.0, {}
        now, stored = await self._read(keys=[keys.members(self._team)], args=list(groups))
        known = [read(Membership, row, "membership") if row else None for row in stored]
        found = [each or Membership() for each in known]  # unreadable rows are looked up again
        return int(now) / 1e6, dict(zip(groups, found, strict=True))

    async def claim(self, group: str) -> Claim:
        """Claim the right to look up a group, which is granted once every ASK_EVERY_S."""
        at, wait_ms = await self._claim(
            keys=[keys.asking(self._team, group)], args=[int(ASK_EVERY_S * 1000)]
        )
        return Claim(int(at) / 1e6, int(wait_ms) / 1000)

    async def put(self, group: str, membership: Membership) -> None:
        """Store the result of a look-up; no-op if a later look-up is stored already."""
        await self._put(
            keys=[keys.members(self._team)],
            args=[group, membership.model_dump_json(), repr(membership.tried), _KEPT_S],
        )
