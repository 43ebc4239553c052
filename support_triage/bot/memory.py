"""Slack's memory of what we showed, for when ours has a gap: read from channels' histories."""

import asyncio
import time
from typing import Any

from support_triage.bot.config import Config
from support_triage.bot.directory import Directory
from support_triage.bot.emoji_names import standard_name
from support_triage.bot.gateway import Gateway, GatewayError, GatewayUnavailableError, card_about
from support_triage.storage.records import CardAt, MessageId

_FRESH_S = 5.0
_PATIENCE_S = 30.0  # all channels must be read in one go: a try that gives up starts again

Page = list[dict[str, Any]]


class Memory:
    """Reads channels since a time; what was read serves for seconds."""

    def __init__(self, config: Config, gateway: Gateway, directory: Directory) -> None:
        named = [one.channel for one in config.labels] + [config.triage.needs_human_channel]
        self._places = sorted({name for name in named if name is not None})
        self._gateway = gateway
        self._directory = directory
        self._busy = asyncio.Lock()
        self._read: dict[str, tuple[float, float, Page]] = {}

    async def cards(self, message: MessageId, since: float) -> list[CardAt]:
        """Our cards about a message that were posted since a Unix time, oldest first."""
        found = []
        for name in self._places:
            channel = await self._directory.channel(name)
            if channel is not None:
                found += [
                    CardAt(channel=channel, ts=str(one["ts"]))
                    for one in await self._messages(channel, since)
                    if card_about(one) == str(message)
                ]
        return sorted(found, key=lambda at: at.ts)

    async def emoji(self, message: MessageId, since: float) -> set[str]:
        """Our emoji on a message that was written since a Unix time."""
        me = await self._gateway.me()
        return {
            standard_name(reaction["name"])
            for one in await self._messages(message.channel, since)
            if one["ts"] == message.ts
            for reaction in one.get("reactions", [])
            if me in reaction["users"]
        }

    async def _messages(self, channel: str, since: float) -> Page:
        async with self._busy:
            start, when, page = self._read.get(channel, (0.0, float("-inf"), []))
            if start > since or time.monotonic() - when > _FRESH_S:
                page = await self._look(channel, since)
                self._read[channel] = (since, time.monotonic(), page)
            return page

    async def _look(self, channel: str, since: float) -> Page:
        found: Page = []
        cursor = ""
        while True:
            try:
                page, cursor = await self._gateway.history(
                    channel, f"{since:.6f}", cursor, patience_s=_PATIENCE_S
                )
            except GatewayUnavailableError:
                raise
            except GatewayError:
                return found  # a channel that was left shows nothing; its own messages say so
            found += page
            if not cursor:
                return found
