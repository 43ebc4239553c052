"""The point up to which each channel is read, and which process backfills."""

import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from math import isfinite

from storage import keys
from storage.errors import StorageError
from storage.server.connection import Client
from storage.server.leases import renewed

_CLAIM_S = 30  # a process that died while it looked is followed by another after this
_RUN = ""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""
_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """The watermarks of one workspace: Slack's ts by channel, and when the last full look began."""

    channels: dict[str, float]
    looked: float
    former: dict[str, float]

    def of(self, channel: str) -> float | None:
        """Return the ts up to which a channel was read; None if it was never read.

        `former` is what version 0.1 wrote, and counts until this version has looked.
        """
        former = self.former.get(channel) or self.former.get(_RUN)
        return self.channels.get(channel) or (None if self.looked else former)


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
        looked = marks.pop(_RUN, 0.0)
        return Marks(marks, looked, _times(former))

    async def reached(self, channel: str, ts: float) -> None:
        """Note that a channel was read up to a ts."""
        await self._redis.hset(keys.watermarks(self._team), channel, f"{ts:.6f}")

    async def left(self, channels: Collection[str]) -> None:
        """Forget channels that the bot is not a member of."""
        if channels:
            await self._redis.hdel(keys.watermarks(self._team), *channels)

    async def looked(self, began: float) -> None:
        """Note that a backfill of all channels, which began at this time, has ended."""
        await self.reached(_RUN, began)

    async def known(self, channel: str, since: float) -> list[str]:
        """Return the ts of the messages of a channel that were received, written since a time."""
        key = keys.known(self._team, channel)
        found: list[str] = await self._redis.zrangebyscore(key, f"({since:.6f}", "+inf")
        return found

    async def forget(self, channel: str, ts: str) -> None:
        """Forget that a message was received: it was deleted."""
        await self._redis.zrem(keys.known(self._team, channel), ts)

    async def forget_before(self, channel: str, when: float) -> None:
        """Forget which messages were received before a time: nobody looks at them again."""
        await self._redis.zremrangebyscore(keys.known(self._team, channel), "-inf", f"({when:.6f}")

    @asynccontextmanager
    async def claimed(self) -> AsyncIterator[bool]:
        """Be the one process that backfills, for the length of a block; False if another is."""
        key, token = [keys.backfilling(self._team)], secrets.token_hex(8)
        if not await self._redis.set(*key, token, nx=True, ex=_CLAIM_S):
            yield False
            return

        async def renew() -> None:
            await self._renew(keys=key, args=[token, _CLAIM_S])

        try:
            async with renewed(renew, _CLAIM_S / 3):
                yield True
        finally:
            with suppress(StorageError):  # then it runs out
                await self._release(keys=key, args=[token])


def _times(stored: dict[str, str]) -> dict[str, float]:
    """Return stored values as numbers; invalid values count as unknown."""
    found: dict[str, float] = {}
    for channel, ts in stored.items():
        with suppress(ValueError):
            found[channel] = float(ts)
    return {channel: ts for channel, ts in found.items() if isfinite(ts)}
