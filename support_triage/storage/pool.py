"""Pools of connections that give back what a burst has opened."""

import time
from typing import Final

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.sentinel import SentinelConnectionPool

_EVERY_S: Final = 5.0


class ShrinkingPool(ConnectionPool):
    """Closes every five seconds what is idle but for one; redis-py's own keeps all it ever opened.

    It looks when a connection is released: every process of the bot uses one more often than that.
    """

    _shrink_at = 0.0

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back."""
        await super().release(connection)
        now = time.monotonic()
        if now < self._shrink_at:
            return
        self._shrink_at = now + _EVERY_S
        idle = self._available_connections[:-1]
        del self._available_connections[:-1]  # first, so that nobody gets one that is being closed
        for one in idle:
            await one.disconnect(nowait=True)


class ShrinkingSentinelPool(ShrinkingPool, SentinelConnectionPool):
    """The same, of the master that Sentinels name."""
