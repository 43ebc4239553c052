"""Which workspaces there are, how they fare, and what their admins did."""

import asyncio
import json
import time

from storage import keys
from storage.server.connection import Client
from storage.workspace.problems import KEPT_S, Problem, field, outdated, told

LOCAL = "local"
"""The workspace of the command line before a bot has run; the first real one adopts it."""

AUDIT_LENGTH = 10_000
_ADOPTION_S = 60
_LOOK_S = 0.1


class Workspaces:
    """All workspaces of this installation."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def add(self, team: str) -> None:
        """Remember a workspace."""
        await self._redis.sadd(keys.workspaces(), team)

    async def enter(self, team: str) -> None:
        """Remember the workspace of a bot. The first one adopts what the local one holds.

        An adoption that is killed half-way is finished by the next start: a key is removed once
        it is copied, and nobody writes to the workspace before it is remembered.
        """
        while await self.all() == [LOCAL]:
            if await self._redis.set(keys.adoption(), team, nx=True, ex=_ADOPTION_S):
                try:
                    await self._adopt(team)
                finally:
                    await self._redis.delete(keys.adoption())
            await asyncio.sleep(_LOOK_S)
        await self.add(team)

    async def _adopt(self, team: str) -> None:
        old, new = keys.prefix(LOCAL), keys.prefix(team)
        async for key in self._redis.scan_iter(match=f"{old}*", count=1000):
            content = await self._redis.dump(key)
            left_ms = await self._redis.pttl(key)
            if content is not None:
                target = new + str(key).removeprefix(old)
                await self._redis.restore(target, max(left_ms, 0), content, replace=True)
                await self._redis.unlink(key)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.sadd(keys.workspaces(), team)
            pipe.srem(keys.workspaces(), LOCAL)
            await pipe.execute()

    async def all(self) -> list[str]:
        """Workspace ids, sorted."""
        return sorted(await self._redis.smembers(keys.workspaces()))

    async def count(self, team: str, outcome: str) -> None:
        """Count one prediction by its outcome: `labelled` or `abstained`."""
        await self._redis.hincrby(keys.tally(team), outcome, 1)

    async def tally(self, team: str) -> dict[str, int]:
        """Predictions by outcome."""
        return {key: int(n) for key, n in (await self._redis.hgetall(keys.tally(team))).items()}

    async def stands(self, team: str, said: str) -> None:
        """Note how far the local model meets the target precision, for whoever is asked."""
        await self._redis.set(keys.standing(team), said)

    async def standing(self, team: str) -> str | None:
        """What a worker noted last of it; None before one has started, or without such a model."""
        said: str | None = await self._redis.get(keys.standing(team))
        return said or None

    async def audit(self, team: str, who: str, what: str, **details: str) -> None:
        """Note an admin's act."""
        await self._redis.xadd(
            keys.audit(team),
            {"who": who, "what": what, "details": json.dumps(details)},
            maxlen=AUDIT_LENGTH,
        )

    async def problem(self, team: str, what: str, advice: str, about: str = "") -> None:
        """Note what Slack refused and what to do about it; `about` is the message it was for."""
        now = time.time()
        known = await self._problems(team)
        undated = {
            name: one.model_copy(update={"at": now}) for name, one in known.items() if not one.at
        }
        noted = undated | {field(what, about): Problem(said=advice, at=now)}
        gone = outdated(known | noted, now)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(
                keys.problems(team),
                mapping={name: one.model_dump_json() for name, one in noted.items()},
            )
            if gone:
                pipe.hdel(keys.problems(team), *gone)
            pipe.expire(keys.problems(team), KEPT_S)
            await pipe.execute()

    async def solved(self, team: str, what: str, about: str = "") -> None:
        """Forget a problem: it works again, for the message that it is noted of."""
        await self._redis.hdel(keys.problems(team), field(what, about))

    async def problems(self, team: str) -> dict[str, str]:
        """What Slack refused in the last week; the same of several messages is told once."""
        return told(await self._problems(team), time.time())

    async def _problems(self, team: str) -> dict[str, Problem]:
        stored = await self._redis.hgetall(keys.problems(team))
        return {what: Problem.read(content) for what, content in stored.items()}
