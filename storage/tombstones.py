"""Tombstones: who was forgotten and when; all scripts refuse that person's older messages."""

from storage import keys
from storage.messages import Message
from storage.server.protocol import Client


class Tombstones:
    """The tombstones of all workspaces; scripts check them in the step that writes."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def cover(self, message: Message) -> bool:
        """Return True if a message was sent before its author was forgotten."""
        if not message.user:
            return False
        return float(message.id.ts) <= await self.until(message.id.team, message.user)

    async def until(self, team: str, user: str) -> float:
        """Return the Unix time up to which a person's messages are refused; 0 if none are."""
        return float(await self._redis.hget(keys.forgotten(team), user) or 0)

    async def count(self, team: str) -> str:
        """Return a number that grows with every removal."""
        return str(await self._redis.hget(keys.forgotten(team), "") or "0")

    async def grow(self, team: str) -> None:
        """Count a removal: snapshots whose examples were read before it are refused."""
        await self._redis.hincrby(keys.forgotten(team), "", 1)
