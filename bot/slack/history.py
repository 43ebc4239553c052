"""Find our cards and emoji in channels' histories, for records that may have a gap."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from bot.config.config import Config
from bot.config.emoji_names import standard_name
from bot.slack.card import Author, card_about
from bot.slack.directory import Directory
from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.messages import MessageId
from storage.records import CardAt

_FRESH_S = 5.0
_PATIENCE_S = 30.0  # a later try resumes at the page where this one stopped


@dataclass
class _Scan:
    """A channel read from now back to `since`: ts of our cards by message, our emoji by ts."""

    since: float
    until: str = ""
    ended: float | None = None
    cards: dict[str, list[str]] = field(default_factory=dict)
    emoji: dict[str, set[str]] = field(default_factory=dict)

    def add(self, page: list[dict[str, Any]], author: Author) -> None:
        """Add a page of messages, newest first."""
        for message in page:
            self.until = str(message["ts"])
            about = card_about(message, author)
            if about is not None:
                self.cards.setdefault(about, []).append(self.until)
            ours = {
                standard_name(reaction["name"])
                for reaction in message.get("reactions", [])
                if author.user in reaction["users"]
            }
            if ours:
                self.emoji[self.until] = ours


class ChannelHistory:
    """Read channels since a time; cache each channel for 5 s and resume interrupted reads."""

    def __init__(self, config: Config, gateway: Gateway, directory: Directory) -> None:
        named = [label.channel for label in config.labels] + [config.triage.needs_human_channel]
        self._places = sorted({name for name in named if name is not None})
        self._gateway = gateway
        self._directory = directory
        self._busy = asyncio.Lock()
        self._scans: dict[str, _Scan] = {}

    async def cards(self, message: MessageId, since: float) -> list[CardAt]:
        """Return our cards about a message posted since a Unix time, oldest first."""
        found = []
        for name in self._places:
            channel = await self._directory.channel(name)
            if channel is not None:
                scan = await self._read(channel, since)
                times = scan.cards.get(str(message), [])
                found += [CardAt(channel=channel, ts=ts) for ts in times]
        return sorted(found, key=lambda at: at.ts)

    async def emoji(self, message: MessageId, since: float) -> set[str]:
        """Return our emoji on a message written since a Unix time."""
        scan = await self._read(message.channel, since)
        return set(scan.emoji.get(message.ts, ()))

    async def _read(self, channel: str, since: float) -> _Scan:
        async with self._busy:
            scan = self._scans.get(channel)
            if scan is None or scan.since > since or self._stale(scan):
                scan = self._scans[channel] = _Scan(since)
            if scan.ended is None:
                await self._read_on(channel, scan)
            return scan

    def _stale(self, scan: _Scan) -> bool:
        return scan.ended is not None and time.monotonic() - scan.ended > _FRESH_S

    async def _read_on(self, channel: str, scan: _Scan) -> None:
        """Read on from the page where the last try stopped."""
        author, more = await self._gateway.author(), "more"
        while more:
            try:
                page, more = await self._gateway.history(
                    channel, f"{scan.since:.6f}", until=scan.until, patience_s=_PATIENCE_S
                )
            except GatewayUnavailableError:
                raise
            except GatewayError:
                break  # the bot has left the channel; calls about its messages report that
            scan.add(page, author)
            if not page:
                break
        scan.ended = time.monotonic()
