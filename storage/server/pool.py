"""Pools of connections that give back what a burst has opened."""

import time
from collections import deque
from typing import Any, Final

from redis.asyncio import RedisCluster
from redis.asyncio.connection import AbstractConnection, BlockingConnectionPool, Connection
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

_EVERY_S: Final = 5.0
_MOST: Final = 100
_WAIT_S: Final = 2.0  # for one of them to come free: Slack listens for three


class ShrinkingPool(BlockingConnectionPool):
    """Closes every five seconds what is idle but for one; redis-py's own keeps all it ever opened.

    It looks when a connection is released: every process of the bot uses one more often than that.
    Where a hundred are in use, the next command waits for one; ConnectionError after two seconds.
    """

    _shrink_at = 0.0

    def __init__(self, **named: Any) -> None:
        super().__init__(**{"max_connections": _MOST, "timeout": _WAIT_S} | named)

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

    def __init__(
        self, service: str, sentinel: Sentinel, *, ssl: bool = False, **named: Any
    ) -> None:
        super().__init__(
            service_name=service,
            sentinel_manager=sentinel,
            connection_class=SentinelManagedSSLConnection if ssl else SentinelManagedConnection,
            **named,
        )


class ShrinkingCluster(RedisCluster):
    """The same, of each node of a cluster; its nodes have pools of their own kind."""

    _shrink_at = 0.0

    async def execute_command(self, *given: Any, **named: Any) -> Any:
        """Do what RedisCluster does, and look now and then."""
        answer = await super().execute_command(*given, **named)
        now = time.monotonic()
        if now >= self._shrink_at:
            self._shrink_at = now + _EVERY_S
            for node in self.get_nodes():
                await _shrink(node._connections, node._free)  # noqa: SLF001 - nothing else can
        return answer


async def _shrink(all_: list[Connection], free: deque[Connection]) -> None:
    while len(free) > 1:
        one = free.pop()  # first, as above
        all_.remove(one)
        await one.disconnect(nowait=True)
