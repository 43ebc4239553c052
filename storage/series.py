"""Time series that are watched for drift: the newest values and a running count."""

from collections.abc import Collection, Sequence
from typing import Literal

from storage import keys
from storage.messages import Frozen
from storage.server.protocol import Client
from storage.server.readable import read_all

KEPT = 1_200
_CLAIM_S = 120
_ALARM_S = 30 * 24 * 3600

Name = Literal["answers", "judgements"]


class ShownAnswer(Frozen):
    """An answer to a message: `at` in Unix seconds, `label` ("" for an abstention), `ms` taken.

    `id` is the message, "" if the answer was not shown. `best` is the local classifier's best label
    ("" if its threshold did not decide) and `confidence` its confidence in that label.
    """

    at: float
    label: str
    classifier: str
    ms: float
    id: str = ""
    best: str = ""
    confidence: float = 0.0


def answers_of(values: Sequence[str]) -> list[ShownAnswer]:
    """Parse stored answers; skip those that this version cannot read."""
    return read_all(ShownAnswer, values, "answer")


class SeriesProgress(Frozen):
    """Counts of a series' values: all, those checked, and those before the comparison's start."""

    total: int = 0
    checked: int = 0
    since: int = 0


class Series:
    """The series of one workspace; all processes append, one process at a time checks."""

    def __init__(self, redis: Client, team: str) -> None:
        self._redis = redis
        self._team = team

    async def append(self, name: Name, value: str) -> None:
        """Add a value as the newest."""
        key = keys.series(self._team, name)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.rpush(key, value)
            pipe.ltrim(key, -KEPT, -1)
            pipe.hincrby(keys.series_progress(self._team, name), "total", 1)
            await pipe.execute()

    async def read(self, name: Name) -> tuple[SeriesProgress, list[str]]:
        """Return the progress and the newest values, oldest first; the last is number `total`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(keys.series_progress(self._team, name))
            pipe.lrange(keys.series(self._team, name), 0, -1)
            progress, values = await pipe.execute()
        return SeriesProgress.model_validate(progress), values

    async def answers(self) -> list[ShownAnswer]:
        """Return the newest answers since the last promotion or alarm, oldest first."""
        progress, values = await self.read("answers")
        return answers_of(values[max(0, len(values) - (progress.total - progress.since)) :])

    async def forget(self, messages: Collection[str]) -> None:
        """Drop the answers to these messages."""
        _, values = await self.read("answers")
        read = {value: answer for value in values for answer in answers_of([value])}
        dropped = [value for value, answer in read.items() if answer.id in messages]
        async with self._redis.pipeline(transaction=False) as pipe:
            for value in dropped:
                pipe.lrem(keys.series(self._team, "answers"), 0, value)
            await pipe.execute()

    async def claim(self, name: Name) -> bool:
        """Claim a series for a check; return False if another process holds it (two minutes)."""
        key = keys.series_claim(self._team, name)
        return bool(await self._redis.set(key, "1", nx=True, ex=_CLAIM_S))

    async def record_check(self, name: Name, checked: int, since: int | None) -> None:
        """Record a check up to `checked` values; `since` moves the start of the comparison."""
        progress = {"checked": checked} if since is None else {"checked": checked, "since": since}
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(keys.series_progress(self._team, name), mapping=progress)
            pipe.delete(keys.series_claim(self._team, name))
            await pipe.execute()

    async def restart(self) -> None:
        """Start over for another model: drop alarms and compare with later values only."""
        names: tuple[Name, ...] = ("answers", "judgements")
        for name in names:
            progress, _ = await self.read(name)
            await self.record_check(name, progress.total, progress.total)
        await self._redis.delete(keys.alarms(self._team))

    async def alarm(self, what: str, description: str) -> None:
        """Record a drift of `what`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(keys.alarms(self._team), what, description)
            pipe.expire(keys.alarms(self._team), _ALARM_S)
            await pipe.execute()

    async def alarms(self) -> dict[str, str]:
        """Return the descriptions of drift since the last promotion, in the last 30 days."""
        stored: dict[str, str] = await self._redis.hgetall(keys.alarms(self._team))
        return stored
