"""The messages whose cards quote each example, to update them when it is removed."""

from storage import keys
from storage.examples.examples import StoredExample
from storage.server.lua import EXPECT
from storage.server.protocol import Client
from storage.server.readable import read

_QUOTE = (
    EXPECT
    + """
-- KEYS examples quoted; ARGV example, message, seconds to keep
expect(KEYS[1], 'hash')
expect(KEYS[2], 'set')
local content = redis.call('HGET', KEYS[1], ARGV[1])
if content then
  redis.call('SADD', KEYS[2], ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return content
"""
)


class Quotes:
    """The quotes of all workspaces."""

    def __init__(self, redis: Client, keep_s: int = keys.RETENTION_S) -> None:
        self._redis = redis
        self._keep_s = keep_s
        self._quote = redis.register_script(_QUOTE)

    async def quote(self, team: str, example: str, message: str) -> str:
        """Return the text of an example for the card of a message; "" if the example is gone.

        Record the quote in the same step, so that removing the example finds the message.
        """
        stored = await self._quote(
            keys=[keys.examples(team), keys.quoted(team, example)],
            args=[example, message, self._keep_s],
        )
        quoted = None if stored is None else read(StoredExample, stored, "example")
        return "" if quoted is None else quoted.text

    async def of(self, team: str, example: str) -> list[str]:
        """Return the messages whose cards quote an example."""
        return sorted(await self._redis.smembers(keys.quoted(team, example)))

    async def drop(self, team: str, example: str) -> None:
        """Remove the record of quotes of a removed example."""
        await self._redis.delete(keys.quoted(team, example))
