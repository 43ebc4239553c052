"""Shadow answers: a challenger's predictions for live messages that the champion answered."""

from datetime import UTC, datetime

from storage import keys
from storage.messages import Frozen
from storage.server.lua import FORGOTTEN
from storage.server.protocol import Client
from storage.server.readable import read

_DAY_S = 2 * 24 * 3600
_PUT = (
    FORGOTTEN
    + """
-- KEYS answers forgotten; ARGV message, answer, seconds to keep, author, ts
if forgotten(KEYS[2], ARGV[4], ARGV[5]) then return end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
)


class ShadowAnswer(Frozen):
    """A challenger's best label and the champion's, each None if it had none.

    `given` is False if the challenger would have abstained.
    """

    label: str | None
    given: bool
    champion: str | None
    ms: float = 0.0
    usd: float = 0.0


class Shadows:
    """The shadow answers of one workspace, by model and message."""

    def __init__(self, redis: Client, team: str, keep_s: int = keys.RETENTION_S) -> None:
        self._redis = redis
        self._team = team
        self._keep_s = keep_s
        self._put = redis.register_script(_PUT)

    async def put(self, model: str, message: str, answer: ShadowAnswer, author: str = "") -> None:
        """Store an answer, and add its cost to this UTC day.

        If the message's author was forgotten meanwhile, only the cost is stored.
        """
        key, day = keys.shadow(self._team, model), self._day()
        given: list[str | int] = [
            message,
            answer.model_dump_json(),
            self._keep_s,
            author,
            message.rpartition(":")[2],
        ]
        await self._put(keys=[key, keys.forgotten(self._team)], args=given)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.incrbyfloat(day, answer.usd)
            pipe.expire(day, _DAY_S)
            await pipe.execute()

    async def all(self, model: str) -> dict[str, ShadowAnswer]:
        """Return a model's answers by message id."""
        stored = await self._redis.hgetall(keys.shadow(self._team, model))
        found = {key: read(ShadowAnswer, text, "shadow answer") for key, text in stored.items()}
        return {key: answer for key, answer in found.items() if answer is not None}

    async def forget(self, model: str, messages: list[str]) -> None:
        """Drop a model's answers to these messages."""
        if messages:
            await self._redis.hdel(keys.shadow(self._team, model), *messages)

    async def spent_usd(self) -> float:
        """Return the cost of shadow answers on this UTC day, in US dollars."""
        return float(await self._redis.get(self._day()) or 0.0)

    def _day(self) -> str:
        return keys.shadow_usd(self._team, f"{datetime.now(UTC):%Y-%m-%d}")
