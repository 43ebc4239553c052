"""Watermarks: the ts up to which each channel was read, and the claim of the backfill."""

import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from math import isfinite

from storage import keys
from storage.errors import StorageError
from storage.server.leases import renewing
from storage.server.protocol import Client

_CLAIM_S = 30  # seconds after which another process may backfill in place of a dead one
_RUN = ""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""
_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """The watermarks of one workspace by channel, and the start of the last complete backfill."""

    channels: dict[str, float]
    backfilled: float
    former: dict[str, float]

    def of(self, channel: str) -> float | None:
        """Return the ts up to which a channel was read; None if it was never read.

        The values of version 0.1 (`former`) count until the first complete backfill.
        """
        former = self.former.get(channel) or self.former.get(_RUN)
        return self.channels.get(channel) or (None if self.backfilled else former)


class Watermarks:
    """The watermarks of one workspace, shared by all its processes."""

    def __init__(self, redis: Client, team: str) -> None:
        self._redis = redis
        self._team = team
        self._release = redis.register_script(_RELEASE)
        self._renew = redis.register_script(_RENEW)

    async def read(self) -> Marks:
        """Return the watermarks as they are now."""
        stored = await self._redis.hgetall(keys.watermarks(self._team))
        former = await self._redis.hgetall(keys.newest(self._team))
        marks = _times(stored)
        backfilled = marks.pop(_RUN, 0.0)
        return Marks(marks, backfilled, _times(former))

    async def advance(self, channel: str, ts: float) -> None:
        """Record that a channel was read up to a ts."""
        await self._redis.hset(keys.watermarks(self._team), channel, f"{ts:.6f}")

    async def drop(self, channels: Collection[str]) -> None:
        """Remove channels that the bot has left."""
        if channels:
            await self._redis.hdel(keys.watermarks(self._team), *channels)

    async def record_backfill(self, began: float) -> None:
        """Record the end of a backfill of all channels that began at this time."""
        await self.advance(_RUN, began)

    async def known(self, channel: str, since: float) -> list[str]:
        """Return the ts of a channel's received messages that were sent after a time."""
        key = keys.known(self._team, channel)
        found: list[str] = await self._redis.zrangebyscore(key, f"({since:.6f}", "+inf")
        return found

    async def forget(self, channel: str, ts: str) -> None:
        """Remove a deleted message from the received ones."""
        await self._redis.zrem(keys.known(self._team, channel), ts)

    async def forget_before(self, channel: str, when: float) -> None:
        """Remove received messages that were sent before a time: they are not checked again."""
        await self._redis.zremrangebyscore(keys.known(self._team, channel), "-inf", f"({when:.6f}")

    @asynccontextmanager
    async def claimed(self) -> AsyncIterator[bool]:
        """Hold the claim of the backfill for a block; yield False if another process holds it."""
        key, token = keys.backfilling(self._team), secrets.token_hex(8)
        if not await self._redis.set(key, token, nx=True, ex=_CLAIM_S):
            yield False
            return

        async def renew() -> None:
            await self._renew(keys=[key], args=[token, _CLAIM_S])

        try:
            async with renewing(renew, _CLAIM_S / 3):
                yield True
        finally:
            with suppress(StorageError):  # the claim expires instead
                await self._release(keys=[key], args=[token])


def _times(stored: dict[str, str]) -> dict[str, float]:
    """Parse stored numbers; drop invalid values."""
    found: dict[str, float] = {}
    for channel, ts in stored.items():
        with suppress(ValueError):
            found[channel] = float(ts)
    return {channel: ts for channel, ts in found.items() if isfinite(ts)}
