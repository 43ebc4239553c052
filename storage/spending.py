"""The ledger of a workspace's LLM costs per UTC day, and the reason of a current outage."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from pydantic import BaseModel, ConfigDict

from classifiers.base import NotAskedError, Usage
from classifiers.ledger import Reservation
from storage import keys
from storage.errors import StorageError
from storage.server.protocol import Client

log = structlog.get_logger()

_OUTAGE_S = 120  # longer than the longest pause between two tries
_ALL = "cost_usd"

_LAPSE_S = 600
"""After this, longer than any request takes, a reservation counts at its likely cost."""

# A reservation is stored as: maximum cost, likely cost, time (ms), and the names of its sums. A
# lapsed reservation, or one of version 0.1, is a single cost.
_RESERVE = """
-- KEYS day; ARGV id, maximum and likely cost in US dollars, ms after which reservations lapse,
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

# Allowed when memory is full, because it frees the reservation's memory.
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
    """The LLM requests of one UTC day: tokens, and US dollars by the price table.

    `trial_usd` and `shadow_usd` are the parts of `cost_usd` for comparisons and shadow answers.
    Running requests count at their maximum cost.
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
        """Return the share of prompt tokens that came from a prompt cache, 0 to 1."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else 0.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Spending:
    """The ledger of one workspace.

    `parts` are further sums that its requests count towards, each with its own limit per UTC day in
    US dollars (None: no limit).
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
        """Return the ledger of comparisons: the same budget, with a separate sum."""
        return Spending(self._redis, self._team, self._now, {"trial_usd": None})

    def of_shadows(self, usd_per_day: float) -> "Spending":
        """Return the ledger of shadow answers: the same budget, and a separate sum and limit."""
        return Spending(self._redis, self._team, self._now, {"shadow_usd": usd_per_day})

    async def today(self) -> Spent:
        """Return the requests and costs of this UTC day so far."""
        return Spent.model_validate(await self._redis.hgetall(self._key(self._day())))

    async def reserve(
        self, usd: float, budget_usd: float | None, likely_usd: float = 0.0
    ) -> Reservation | None:
        """Reserve a request's maximum cost; return None if the day's budget is spent.

        A reservation that is not settled after ten minutes counts at `likely_usd`, because its
        process has died. Raise NotAskedError if the reservation cannot be stored: a request that
        cannot be counted must not be sent.
        """
        reservation = Reservation(f"held:{uuid4().hex}", self._day(), usd)
        limits = {_ALL: budget_usd, **self._parts}
        pairs = [word for name, limit in limits.items() for word in (name, _written(limit))]
        try:
            admitted = await self._reserve(
                keys=[self._key(reservation.day)],
                args=[reservation.id, usd, likely_usd, _LAPSE_S * 1000, keys.RETENTION_S, *pairs],
            )
        except StorageError as error:
            raise NotAskedError(f"the LLM's cost cannot be counted: {error}") from None
        return reservation if admitted else None

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by the request's actual usage; no-op if it is settled already.

        If that cannot be stored, the request stays counted at its maximum cost.
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

    async def outage(self, reason: str | None) -> None:
        """Store the reason why the LLM is not asked; None ends the outage.

        Errors of comparisons and shadow answers are ignored: they use another model.
        """
        if self._parts:
            return
        try:
            if reason is None:
                await self._redis.delete(keys.llm_outage(self._team))
            else:
                await self._redis.set(keys.llm_outage(self._team), reason, ex=_OUTAGE_S)
        except StorageError as error:
            log.warning("spending.outage_untold", error=type(error).__name__)

    async def why_out(self) -> str | None:
        """Return the reason why the LLM is not asked now, or None."""
        reason: str | None = await self._redis.get(keys.llm_outage(self._team))
        return reason

    def _day(self) -> str:
        return f"{self._now():%Y-%m-%d}"

    def _key(self, day: str) -> str:
        return keys.llm_usage(self._team, day)


def _written(limit: float | None) -> str:
    return "" if limit is None else repr(limit)
