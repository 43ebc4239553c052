"""What the LLM has cost a workspace, day by day, and whether it answers; for all processes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from support_triage.classifiers.base import Usage
from support_triage.storage import keys
from support_triage.storage.connection import Client

_OUTAGE_S = 120  # longer than the longest pause between two tries


class Spent(BaseModel):
    """One UTC day's requests to the LLM: tokens, and US dollars by the price table.

    `trial_usd` is the part of `cost_usd` that comparisons took.
    """

    model_config = ConfigDict(frozen=True)

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    trial_usd: float = 0.0

    @property
    def cached_share(self) -> float:
        """Share of the prompt tokens that a prompt cache had."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else 0.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Spending:
    """The ledger of one workspace."""

    def __init__(self, redis: Client, team: str, now: Callable[[], datetime] = _utc_now) -> None:
        self._redis, self._team, self._now = redis, team, now

    async def today(self) -> Spent:
        """What this UTC day has cost so far."""
        return Spent.model_validate(await self._redis.hgetall(self._key()))

    async def spent_usd(self) -> float:
        """US dollars spent this UTC day."""
        return float(await self._redis.hget(self._key(), "cost_usd") or 0.0)

    async def add(self, usages: Sequence[Usage]) -> None:
        """Add requests to this UTC day."""
        if not usages:
            return
        key = self._key()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hincrby(key, "requests", len(usages))
            for name in ("prompt_tokens", "cached_tokens", "completion_tokens"):
                pipe.hincrby(key, name, sum(getattr(one, name) for one in usages))
            pipe.hincrbyfloat(key, "cost_usd", sum(one.cost_usd for one in usages))
            pipe.expire(key, keys.RETENTION_S)
            await pipe.execute()

    async def add_trial(self, usages: Sequence[Usage]) -> None:
        """Add the requests of a comparison to this UTC day."""
        await self.add(usages)
        if usages:
            await self._redis.hincrbyfloat(
                self._key(), "trial_usd", sum(one.cost_usd for one in usages)
            )

    async def outage(self, said: str | None) -> None:
        """Note why the LLM is left alone; None: it answers again."""
        if said is None:
            await self._redis.delete(keys.llm_outage(self._team))
        else:
            await self._redis.set(keys.llm_outage(self._team), said, ex=_OUTAGE_S)

    async def why_out(self) -> str | None:
        """Why the LLM is not asked now, None when nothing is known to be wrong."""
        said: str | None = await self._redis.get(keys.llm_outage(self._team))
        return said

    def _key(self) -> str:
        return keys.llm_usage(self._team, f"{self._now():%Y-%m-%d}")
