"""A rate limiter shared by all processes (GCRA, the generic cell rate algorithm)."""

from dataclasses import dataclass

from storage import keys
from storage.server.protocol import Client

_TAKE = """
-- KEYS time of the next turn at an even pace; ARGV interval ms, burst, reserve, patience ms
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = math.max(0, math.ceil(due - now - (ARGV[2] - 1 - ARGV[3]) * ARGV[1]))
if wait > tonumber(ARGV[4]) then return {0, wait} end
local till = due + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', math.ceil(till - now) + 60000)
return {1, wait}
"""
_HOLD_OFF = """
-- KEYS as above; ARGV ms to hold off, interval ms, burst
local t = redis.call('TIME')
local till = t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[1] + (ARGV[3] - 1) * ARGV[2]
if tonumber(redis.call('GET', KEYS[1]) or 0) < till then
  redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', ARGV[1] + 60000 + ARGV[3] * ARGV[2])
end
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate: up to `burst` turns at once, and another every `interval_s` seconds."""

    interval_s: float
    burst: int = 1


class Limiter:
    """The rate limits of one workspace, by name."""

    def __init__(self, redis: Client, team: str) -> None:
        self._team = team
        self._take = redis.register_script(_TAKE)
        self._hold_off = redis.register_script(_HOLD_OFF)

    async def take(
        self, name: str, pace: Rate, *, patience_s: float, reserve: int = 0
    ) -> tuple[bool, float]:
        """Take a turn if it comes within `patience_s`: return (True, seconds to wait for it).

        Otherwise take nothing and return (False, seconds until the next turn).
        `reserve` is the number of turns of the burst that are left to other callers.
        """
        taken, wait = await self._take(
            keys=[keys.pace(self._team, name)],
            args=[pace.interval_s * 1000, pace.burst, reserve, int(patience_s * 1000)],
        )
        return bool(taken), int(wait) / 1000

    async def hold_off(self, name: str, pace: Rate, seconds: float) -> None:
        """Grant no turn for `seconds`."""
        await self._hold_off(
            keys=[keys.pace(self._team, name)],
            args=[int(seconds * 1000), int(pace.interval_s * 1000), pace.burst],
        )
