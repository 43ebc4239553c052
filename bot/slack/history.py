"""Slack's memory of what we showed, for when ours has a gap: read from channels' histories."""

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
_PATIENCE_S = 30.0  # a try that gives up holds its event for a while, but nothing is read twice


@dataclass
class _Reading:
    """One channel, read from now back to `since`: our cards by message, our emoji by ts."""

    since: float
    until: str = ""
    ended: float | None = None
    cards: dict[str, list[str]] = field(default_factory=dict)
    emoji: dict[str, set[str]] = field(default_factory=dict)

    def take(self, page: list[dict[str, Any]], author: Author) -> None:
        """Take in a page, newest first."""
        for one in page:
            self.until = str(one["ts"])
            about = card_about(one, author)
            if about is not None:
                self.cards.setdefault(about, []).append(self.until)
            ours = {
                standard_name(reaction["name"])
                for reaction in one.get("reactions", [])
                if author.user in reaction["users"]
            }
            if ours:
                self.emoji[self.until] = ours


class ChannelHistory:
    """Reads channels since a time; what was read serves for seconds, what was begun is ended."""

    def __init__(self, config: Config, gateway: Gateway, directory: Directory) -> None:
        named = [one.channel for one in config.labels] + [config.triage.needs_human_channel]
        self._places = sorted({name for name in named if name is not None})
        self._gateway = gateway
        self._directory = directory
        self._busy = asyncio.Lock()
        self._readings: dict[str, _Reading] = {}

    async def cards(self, message: MessageId, since: float) -> list[CardAt]:
        """Our cards about a message that were posted since a Unix time, oldest first."""
        found = []
        for name in self._places:
            channel = await self._directory.channel(name)
            if channel is not None:
                reading = await self._read(channel, since)
                there = reading.cards.get(str(message), [])
                found += [CardAt(channel=channel, ts=ts) for ts in there]
        return sorted(found, key=lambda at: at.ts)

    async def emoji(self, message: MessageId, since: float) -> set[str]:
        """Our emoji on a message that was written since a Unix time."""
        reading = await self._read(message.channel, since)
        return set(reading.emoji.get(message.ts, ()))

    async def _read(self, channel: str, since: float) -> _Reading:
        async with self._busy:
            reading = self._readings.get(channel)
            if reading is None or reading.since > since or self._stale(reading):
                reading = self._readings[channel] = _Reading(since)
            if reading.ended is None:
                await self._read_on(channel, reading)
            return reading

    def _stale(self, reading: _Reading) -> bool:
        return reading.ended is not None and time.monotonic() - reading.ended > _FRESH_S

    async def _read_on(self, channel: str, reading: _Reading) -> None:
        """Read from where the last try was cut off."""
        author, more = await self._gateway.author(), "more"
        while more:
            try:
                page, more = await self._gateway.history(
                    channel, f"{reading.since:.6f}", until=reading.until, patience_s=_PATIENCE_S
                )
            except GatewayUnavailableError:
                raise
            except GatewayError:
                break  # a channel that was left shows nothing; its own messages say so
            reading.take(page, author)
            if not page:
                break
        reading.ended = time.monotonic()
