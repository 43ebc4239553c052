"""What the LLM has cost a workspace, day by day, and whether it answers; for all processes."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from pydantic import BaseModel, ConfigDict

from classifiers.base import NotAskedError, Usage
from classifiers.ledger import Reservation
from storage import keys
from storage.errors import StorageError
from storage.server.connection import Client

log = structlog.get_logger()

_OUTAGE_S = 120  # longer than the longest pause between two tries
_ALL = "cost_usd"

_LAPSE_S = 600
"""After this, longer than any request takes, a reservation counts at its likely cost."""

# A reservation is: the most it may cost, its likely cost, when it was made, and its sums. One that
# lapsed, or was made by version 0.1, is the first of these alone.
_RESERVE = """
-- KEYS day; ARGV id, the most and the likely cost in US dollars, ms after which others lapse,
-- seconds to live, then pairs of a sum and its limit or ''
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
for n = 1, #all, 2 do
  local most, likely, at, sums = all[n + 1]:match('^(%S+) (%S+) (%d+) (.+)$')
  if at and now - at > tonumber(ARGV[4]) then
    for sum in sums:gmatch('%S+') do
      redis.call('HINCRBYFLOAT', KEYS[1], sum, string.format('%.12f', likely - most))
    end
    redis.call('HSET', KEYS[1], all[n], likely)
  end
end
for i = 6, #ARGV, 2 do
  local limit = tonumber(ARGV[i + 1])
  if limit and tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0) >= limit then return 0 end
end
local words = {ARGV[2], ARGV[3], string.format('%.0f', now)}
for i = 6, #ARGV, 2 do
  redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[2])
  words[#words + 1] = ARGV[i]
end
redis.call('HSET', KEYS[1], ARGV[1], table.concat(words, ' '))
redis.call('HINCRBY', KEYS[1], 'requests', 1)
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""

# Allowed when memory is full: it frees what the reservation holds.
_SETTLE = """#!lua flags=allow-oom
-- KEYS day; ARGV id, US dollars, requests, prompt, cached and completion tokens, then the sums
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held then return 0 end
held = held:match('^%S+')
redis.call('HDEL', KEYS[1], ARGV[1])
for i = 7, #ARGV do
  redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], string.format('%.12f', ARGV[2] - held))
end
redis.call('HINCRBY', KEYS[1], 'requests', ARGV[3] - 1)
redis.call('HINCRBY', KEYS[1], 'prompt_tokens', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'cached_tokens', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'completion_tokens', ARGV[6])
return 1
"""


class Spent(BaseModel):
    """One UTC day's requests to the LLM: tokens, and US dollars by the price table.

    `trial_usd` and `shadow_usd` are the parts of `cost_usd` that comparisons and shadow answers
    took. Requests under way are counted at the most that they may cost.
    """

    model_config = ConfigDict(frozen=True)

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    trial_usd: float = 0.0
    shadow_usd: float = 0.0

    @property
    def cached_share(self) -> float:
        """Share of the prompt tokens that a prompt cache had."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else 0.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Spending:
    """The ledger of one workspace; `parts` are the sums that its requests count in as well.

    Each part comes with its own limit of a UTC day in US dollars, None for no limit.
    """

    def __init__(
        self,
        redis: Client,
        team: str,
        now: Callable[[], datetime] = _utc_now,
        parts: Mapping[str, float | None] | None = None,
    ) -> None:
        self._redis, self._team, self._now = redis, team, now
        self._parts = dict(parts or {})
        self._reserve = redis.register_script(_RESERVE)
        self._settle = redis.register_script(_SETTLE)

    def of_trials(self) -> "Spending":
        """The ledger of comparisons: the same budget, told apart."""
        return Spending(self._redis, self._team, self._now, {"trial_usd": None})

    def of_shadows(self, usd_per_day: float) -> "Spending":
        """The ledger of shadow answers: the same budget, and a limit of their own."""
        return Spending(self._redis, self._team, self._now, {"shadow_usd": usd_per_day})

    async def today(self) -> Spent:
        """What this UTC day has cost so far."""
        return Spent.model_validate(await self._redis.hgetall(self._key(self._day())))

    async def reserve(
        self, usd: float, budget_usd: float | None, likely_usd: float = 0.0
    ) -> Reservation | None:
        """Count a request at the most it may cost; None where the day's budget is spent.

        One that nobody has settled after ten minutes counts at `likely_usd`: its process died.
        Raise NotAskedError where it cannot be written: nothing is asked that cannot be counted.
        """
        found = Reservation(f"held:{uuid4().hex}", self._day(), usd)
        limits = {_ALL: budget_usd, **self._parts}
        pairs = [word for name, limit in limits.items() for word in (name, _written(limit))]
        try:
            admitted = await self._reserve(
                keys=[self._key(found.day)],
                args=[found.id, usd, likely_usd, _LAPSE_S * 1000, keys.RETENTION_S, *pairs],
            )
        except StorageError as error:
            raise NotAskedError(f"the LLM's cost cannot be counted: {error}") from None
        return found if admitted else None

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by what the request took; without effect the second time.

        Where it cannot be written, the request stays counted at the most it may have cost.
        """
        tokens = usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens
        asked = int(usage.prompt_tokens > 0)
        try:
            await self._settle(
                keys=[self._key(reservation.day)],
                args=[reservation.id, usage.cost_usd, asked, *tokens, _ALL, *self._parts],
            )
        except StorageError as error:
            log.warning("spending.unsettled", error=type(error).__name__)

    async def outage(self, said: str | None) -> None:
        """Note why the LLM is left alone; None: it answers again.

        What a comparison or a shadow answer meets says nothing of the LLM in use.
        """
        if self._parts:
            return
        try:
            if said is None:
                await self._redis.delete(keys.llm_outage(self._team))
            else:
                await self._redis.set(keys.llm_outage(self._team), said, ex=_OUTAGE_S)
        except StorageError as error:
            log.warning("spending.outage_untold", error=type(error).__name__)

    async def why_out(self) -> str | None:
        """Why the LLM is not asked now, None when nothing is known to be wrong."""
        said: str | None = await self._redis.get(keys.llm_outage(self._team))
        return said

    def _day(self) -> str:
        return f"{self._now():%Y-%m-%d}"

    def _key(self, day: str) -> str:
        return keys.llm_usage(self._team, day)


def _written(limit: float | None) -> str:
    return "" if limit is None else repr(limit)
