"""Finds the commands that the bot uses but its Redis user has no right to."""

from collections.abc import Awaitable, Callable
from typing import Final

from redis.exceptions import ResponseError

from storage import keys
from storage.errors import StorageDeniedError
from storage.server.protocol import Client

_NOWHERE: Final = keys.dead("doctor")  # a workspace that does not exist

NEEDED: Final[dict[str, Callable[[Client], Awaitable[object]]]] = {
    "EVAL": lambda redis: redis.eval("return 1", 0),
    "SCRIPT LOAD": lambda redis: redis.script_load("return 1"),
    "BZPOPMIN": lambda redis: redis.bzpopmin(_NOWHERE, timeout=0.01),
    "SCAN": lambda redis: redis.scan(0, count=1),
    "TIME": lambda redis: redis.time(),
    "XINFO": lambda redis: redis.xinfo_stream(_NOWHERE),
}
"""Commands that the bot requires, each as a harmless call."""

USEFUL: Final[dict[str, Callable[[Client], Awaitable[object]]]] = {
    "INFO": lambda redis: redis.info("replication"),
    "MEMORY USAGE": lambda redis: redis.memory_usage(_NOWHERE),
}
"""Optional commands: without them, failovers go unnoticed and the inbox is limited by count."""


async def refused_commands(
    redis: Client, commands: dict[str, Callable[[Client], Awaitable[object]]]
) -> list[str]:
    """Return the names of the commands that Redis refuses this user."""
    found = []
    for name, call in commands.items():
        try:
            await call(redis)
        except StorageDeniedError:
            found.append(name)
        except ResponseError:
            pass  # allowed: the key does not exist
    return found
