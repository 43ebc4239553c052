"""Checks whether messages received before this process began are still in Slack."""

import asyncio
import time
from dataclasses import dataclass, field

from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.messages import MessageId

_PAGES = 5  # of 200 messages; what is older is shown, and a backfill takes it down again
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class _Read:
    """The messages of a channel from a ts on."""

    since: float
    there: frozenset[str]


@dataclass
class Presence:
    """Reads a channel's history once for all messages that waited; later deletions are events."""

    gateway: Gateway
    began: float = field(default_factory=time.monotonic)
    _channels: dict[str, _Read] = field(default_factory=dict)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def gone(self, message: MessageId, waited_s: float) -> bool:
        """Return True if a message that waited since before this process began was deleted."""
        if waited_s < time.monotonic() - self.began:
            return False
        written = float(message.ts)
        async with self._busy:
            read = self._channels.get(message.channel)
            if read is None or read.since > written:
                read = self._channels[message.channel] = await self._look(message)
        return read.since <= written and message.ts not in read.there

    async def _look(self, message: MessageId) -> _Read:
        since, cursor, there = float(message.ts) - 1e-6, "", set[str]()
        for _ in range(_PAGES):
            try:
                page, cursor = await self.gateway.history(
                    message.channel, f"{since:.6f}", cursor, patience_s=_PATIENCE_S
                )
            except GatewayUnavailableError:
                raise
            except GatewayError:
                break  # a channel that was left shows nothing, which says nothing
            there |= {str(one["ts"]) for one in page if one.get("subtype") != "tombstone"}
            if not cursor:
                return _Read(since, frozenset(there))
        oldest = min(map(float, there), default=float("inf"))
        return _Read(oldest, frozenset(there))
