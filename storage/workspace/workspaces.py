"""The known workspaces, their counters, problems and audit logs."""

import asyncio
import json
import time

from storage import keys
from storage.server.protocol import Client
from storage.workspace.problems import KEPT_S, Problem, field, outdated, summaries

LOCAL = "local"
"""The command line's workspace before a bot has run; the first real workspace adopts its data."""

AUDIT_LENGTH = 10_000
_ADOPTION_S = 60
_POLL_S = 0.1


class Workspaces:
    """The workspaces of this installation."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def add(self, team: str) -> None:
        """Store a workspace id."""
        await self._redis.sadd(keys.workspaces(), team)

    async def enter(self, team: str) -> None:
        """Store the workspace of a bot; the first workspace adopts the data of `LOCAL`.

        The next start finishes an adoption that was killed: a key is removed only after it is
        copied, and no process writes to the workspace before its id is stored.
        """
        while await self.all() == [LOCAL]:
            if await self._redis.set(keys.adoption(), team, nx=True, ex=_ADOPTION_S):
                try:
                    await self._adopt(team)
                finally:
                    await self._redis.delete(keys.adoption())
            await asyncio.sleep(_POLL_S)
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
        """Return all workspace ids, sorted."""
        return sorted(await self._redis.smembers(keys.workspaces()))

    async def count(self, team: str, outcome: str) -> None:
        """Count a prediction by its outcome: `labelled` or `abstained`."""
        await self._redis.hincrby(keys.tally(team), outcome, 1)

    async def tally(self, team: str) -> dict[str, int]:
        """Return the number of predictions by outcome."""
        return {key: int(n) for key, n in (await self._redis.hgetall(keys.tally(team))).items()}

    async def set_precision_status(self, team: str, sentence: str) -> None:
        """Store a sentence that says if the local model reaches the target precision."""
        await self._redis.set(keys.standing(team), sentence)

    async def precision_status(self, team: str) -> str | None:
        """Return the sentence that a worker stored last; None without a worker or local model."""
        sentence: str | None = await self._redis.get(keys.standing(team))
        return sentence or None

    async def audit(self, team: str, who: str, what: str, **details: str) -> None:
        """Append an admin's command to the audit log."""
        await self._redis.xadd(
            keys.audit(team),
            {"who": who, "what": what, "details": json.dumps(details)},
            maxlen=AUDIT_LENGTH,
        )

    async def problem(self, team: str, what: str, advice: str, about: str = "") -> None:
        """Store the call that Slack refused, and advice; `about` is the message it was for."""
        now = time.time()
        known = await self._problems(team)
        undated = {
            name: problem.model_copy(update={"at": now})
            for name, problem in known.items()
            if not problem.at
        }
        updated = undated | {field(what, about): Problem(said=advice, at=now)}
        dropped = outdated(known | updated, now)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(
                keys.problems(team),
                mapping={name: problem.model_dump_json() for name, problem in updated.items()},
            )
            if dropped:
                pipe.hdel(keys.problems(team), *dropped)
            pipe.expire(keys.problems(team), KEPT_S)
            await pipe.execute()

    async def solved(self, team: str, what: str, about: str = "") -> None:
        """Remove a problem after the call has succeeded for that message."""
        await self._redis.hdel(keys.problems(team), field(what, about))

    async def problems(self, team: str) -> dict[str, str]:
        """Return the last week's advice by refused call; one entry covers all its messages."""
        return summaries(await self._problems(team), time.time())

    async def _problems(self, team: str) -> dict[str, Problem]:
        stored = await self._redis.hgetall(keys.problems(team))
        return {what: Problem.read(content) for what, content in stored.items()}
