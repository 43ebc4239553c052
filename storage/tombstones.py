"""The people who were forgotten, and when: all scripts refuse what they wrote before."""

from storage import keys
from storage.messages import Message
from storage.server.connection import Client


class Tombstones:
    """The tombstones of all workspaces. Scripts check them in the step that writes."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def cover(self, message: Message) -> bool:
        """Return whether a message was sent before its author was forgotten."""
        if not message.user:
            return False
        return float(message.id.ts) <= await self.until(message.id.team, message.user)

    async def until(self, team: str, user: str) -> float:
        """Return until when what a person sent is refused, in Unix seconds; 0 for never."""
        return float(await self._redis.hget(keys.forgotten(team), user) or 0)

    async def count(self, team: str) -> str:
        """Return a number that grows each time that somebody or something is forgotten."""
        return str(await self._redis.hget(keys.forgotten(team), "") or "0")

    async def grow(self, team: str) -> None:
        """Have snapshots refused whose examples were read before this."""
        await self._redis.hincrby(keys.forgotten(team), "", 1)
