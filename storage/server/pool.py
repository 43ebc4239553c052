"""Connection pools that close the idle connections of a burst."""

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
_WAIT_S: Final = 2.0  # for a free connection: Slack waits three seconds for an acknowledgement


class ShrinkingPool(BlockingConnectionPool):
    """Closes all idle connections but one every five seconds; redis-py's pool keeps them for ever.

    It checks when a connection is released, which happens more often than that in every process of
    the bot. If all hundred connections are in use, a command waits for a free connection, and
    raises ConnectionError after two seconds.
    """

    _shrink_at = 0.0

    def __init__(self, **named: Any) -> None:
        super().__init__(**{"max_connections": _MOST, "timeout": _WAIT_S} | named)

    async def release(self, connection: AbstractConnection) -> None:
        """Take back a connection, and close idle connections if that is due."""
        await super().release(connection)
        now = time.monotonic()
        if now < self._shrink_at:
            return
        self._shrink_at = now + _EVERY_S
        idle = self._available_connections[:-1]
        del self._available_connections[:-1]  # first, so that no caller gets a closing connection
        for spare in idle:
            await spare.disconnect(nowait=True)


class ShrinkingSentinelPool(ShrinkingPool, SentinelConnectionPool):
    """A ShrinkingPool for the master that Sentinels name."""

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
    """A cluster client that closes idle connections in the same way; nodes have their own pools."""

    _shrink_at = 0.0

    async def execute_command(self, *given: Any, **named: Any) -> Any:
        """Execute a command, and close idle connections if that is due."""
        answer = await super().execute_command(*given, **named)
        now = time.monotonic()
        if now >= self._shrink_at:
            self._shrink_at = now + _EVERY_S
            for node in self.get_nodes():
                await _shrink(node._connections, node._free)  # noqa: SLF001 - there is no public way
        return answer


async def _shrink(all_: list[Connection], free: deque[Connection]) -> None:
    while len(free) > 1:
        connection = free.pop()  # first, so that no caller gets a closing connection
        all_.remove(connection)
        await connection.disconnect(nowait=True)
