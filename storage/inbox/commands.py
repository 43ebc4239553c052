"""The state of each command by its trigger: its runs, answer and uploads."""

import json
from collections.abc import Mapping

from storage import keys
from storage.server.lua import EXPECT
from storage.server.protocol import Client
from storage.workspace.workspaces import AUDIT_LENGTH

_LIFE_S = 24 * 3600  # ample: Slack accepts a command's answers for 30 minutes

_BEGIN = (
    EXPECT
    + """
-- KEYS command audit; ARGV seconds to keep, length of the audit, who, what, details
expect(KEYS[1], 'hash')
expect(KEYS[2], 'stream')
local begun = redis.call('HINCRBY', KEYS[1], 'begun', 1)
redis.call('EXPIRE', KEYS[1], ARGV[1])
if begun == 1 and ARGV[4] ~= '' then
  redis.call(
    'XADD', KEYS[2], 'MAXLEN', ARGV[2], '*', 'who', ARGV[3], 'what', ARGV[4], 'details', ARGV[5])
end
return begun
"""
)


class Commands:
    """The commands of one workspace, by Slack's trigger_id."""

    def __init__(self, redis: Client, team: str) -> None:
        self._redis = redis
        self._team = team
        self._begin = redis.register_script(_BEGIN)

    async def begin(self, trigger: str, who: str, what: str, arguments: str) -> int:
        """Count a run of a command, and audit the first run; return the number of this run.

        A command with an empty `what` is not audited.
        """
        runs = await self._begin(
            keys=[keys.command(self._team, trigger), keys.audit(self._team)],
            args=[_LIFE_S, AUDIT_LENGTH, who, what, json.dumps({"arguments": arguments})],
        )
        return int(runs)

    async def answer(self, trigger: str) -> str | None:
        """Return the answer of a command, "" once it is sent; None before the command ran."""
        answer: str | None = await self._redis.hget(keys.command(self._team, trigger), "answer")
        return answer

    async def store_answer(self, trigger: str, text: str) -> None:
        """Store the answer of a command: after that, only sending it is retried."""
        key = keys.command(self._team, trigger)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, "answer", text)
            pipe.expire(key, _LIFE_S)
            await pipe.execute()

    async def uploads(self, trigger: str) -> dict[str, str]:
        """Return the files that were uploaded for a command: names by Slack's file id."""
        stored = await self._redis.hget(keys.command(self._team, trigger), "uploads")
        return {} if stored is None else dict(json.loads(stored))

    async def store_uploads(self, trigger: str, uploads: Mapping[str, str]) -> None:
        """Store the files that were uploaded for a command, before they are shared."""
        await self._redis.hset(keys.command(self._team, trigger), "uploads", json.dumps(uploads))

    async def count_try(self, trigger: str) -> int:
        """Count a try to post an answer to the command's response_url; return its number."""
        return int(await self._redis.hincrby(keys.command(self._team, trigger), "told", 1))
