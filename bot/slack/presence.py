"""Check if messages received before this process began still exist in Slack."""

import asyncio
import time
from dataclasses import dataclass, field

from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.messages import MessageId

_PAGES = 5  # of 200 messages; older messages are answered, and backfill finds their deletion
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class _Scan:
    """The timestamps of a channel's messages from a time on."""

    since: float
    existing: frozenset[str]


@dataclass
class Presence:
    """Read each channel's history once, for all messages received before this process began.

    Later deletions arrive as events.
    """

    gateway: Gateway
    began: float = field(default_factory=time.monotonic)
    _channels: dict[str, _Scan] = field(default_factory=dict)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def gone(self, message: MessageId, waited_s: float) -> bool:
        """Return True if a message that waited since before the process began was deleted."""
        if waited_s < time.monotonic() - self.began:
            return False
        written = float(message.ts)
        async with self._busy:
            scan = self._channels.get(message.channel)
            if scan is None or scan.since > written:
                scan = self._channels[message.channel] = await self._scan(message)
        return scan.since <= written and message.ts not in scan.existing

    async def _scan(self, message: MessageId) -> _Scan:
        since, cursor, existing = float(message.ts) - 1e-6, "", set[str]()
        for _ in range(_PAGES):
            try:
                page, cursor = await self.gateway.history(
                    message.channel, f"{since:.6f}", cursor, patience_s=_PATIENCE_S
                )
            except GatewayUnavailableError:
                raise
            except GatewayError:
                break  # the bot has left the channel, so deletions are unknown
            existing |= {str(item["ts"]) for item in page if item.get("subtype") != "tombstone"}
            if not cursor:
                return _Scan(since, frozenset(existing))
        oldest = min(map(float, existing), default=float("inf"))
        return _Scan(oldest, frozenset(existing))
