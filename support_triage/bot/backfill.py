"""What was said while nobody listened: read from Slack's history and put in the inbox.

History holds messages as they are now, with their emoji but without the times of these. A missed
emoji is dated just after the last one that is known of its message: it was missed, so it came
later, and whatever Slack still sends is later than it. What was deleted leaves no trace there.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import structlog

from support_triage.bot.config import Config
from support_triage.bot.directory import Directory
from support_triage.bot.gateway import Gateway, GatewayError, GatewayUnavailableError, card_about
from support_triage.bot.intake import posted
from support_triage.bot.parts import Parts
from support_triage.storage.events import Posted, Reacted
from support_triage.storage.examples import Examples, Reaction
from support_triage.storage.inbox import Inbox
from support_triage.storage.records import MessageId, Records

_LOOK_BACK_S = 3600.0  # before the newest message known: for its edits and emoji
_ALIVE_S = 5.0

log = structlog.get_logger()


@dataclass
class Backfill:
    """One workspace's; runs when it is wanted, and notes meanwhile that somebody listens."""

    config: Config
    team: str
    directory: Directory
    gateway: Gateway
    inbox: Inbox
    records: Records
    examples: Examples
    own: frozenset[str] = frozenset()
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _server_since: float = 0.0

    def want(self) -> None:
        """Something may have been missed: a connection is new, or an event could not be stored."""
        self._wanted.set()

    async def step(self) -> None:
        """Run if it is wanted within some seconds; else note that somebody listens."""
        try:
            async with asyncio.timeout(_ALIVE_S):
                await self._wanted.wait()
        except TimeoutError:
            await self.inbox.note_alive(self.team, time.time())
            since = await self.inbox.server_since(self.team)
            if since > self._server_since:  # it may lack the last that was acknowledged
                self._server_since = since
                self.want()
            return
        if await self.inbox.may_backfill(self.team):
            self._wanted.clear()
            try:
                await self.run()
            except BaseException:
                self._wanted.set()
                raise

    async def run(self, since: float | None = None) -> int:
        """Put in the inbox what is missing since a Unix time; how many events that were.

        By default since the newest message known of each channel, and an hour before it.
        """
        started = time.time()
        newest = await self.inbox.newest(self.team)
        found = 0
        for channel in await self.directory.joined():
            last = newest.get(channel, newest.get("", 0.0))
            start = since if since is not None else last - _LOOK_BACK_S if last else started
            if start < started:
                found += await self._channel(channel, start)
        await self.inbox.note_alive(self.team, started)
        log.info("backfill.done", found=found, s=round(time.time() - started, 1))
        return found

    async def _channel(self, channel: str, since: float) -> int:
        found, cursor = 0, ""
        triaged = await self.directory.mode(channel) is not None
        while True:
            here = cursor
            try:
                page, cursor = await self._page(channel, since, here)
                for message in reversed(page):
                    if triaged and card_about(message) is None:
                        found += await self._message(channel, message, since)
                known = await self._known(channel, page)
                if await self._missed(channel, page, known):
                    # Read again, as what came between the page and what is known of it would
                    # look as if it had been missed.
                    page, _ = await self._page(channel, since, here)
                    for event in await self._missed(channel, page, known):
                        doubtful = event.model_copy(update={"doubt": since})
                        found += await self.inbox.receive(doubtful)
            except GatewayUnavailableError:
                raise
            except GatewayError as error:
                log.warning("backfill.refused", channel=channel, problem=str(error))
                return found
            if not cursor:
                return found

    async def _page(
        self, channel: str, since: float, cursor: str
    ) -> tuple[list[dict[str, Any]], str]:
        page, following = await self.gateway.history(channel, f"{since:.6f}", cursor, urgent=False)
        sound = [message for message in page if _sound(message)]
        if len(sound) < len(page):
            log.warning("backfill.skipped", channel=channel, items=len(page) - len(sound))
        return sound, following

    async def _message(self, channel: str, message: dict[str, Any], since: float) -> bool:
        try:
            allowed = self.config.triage.allowed_bots
            event = posted(self.team, channel, message, allowed, self.own)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            log.warning("backfill.skipped", channel=channel, error=type(error).__name__)
            return False
        if event is None:
            return False
        if event.message.edited:
            known = await self.records.get(event.item)
            if known is not None and (
                known.deleted or float(known.message.edited or 0) >= float(event.message.edited)
            ):
                return False
        return await self.inbox.receive(Posted(message=event.message, doubt=since))

    async def _known(self, channel: str, page: list[dict[str, Any]]) -> dict[str, list[Reaction]]:
        items = [MessageId(team=self.team, channel=channel, ts=one["ts"]) for one in page]
        known: dict[str, list[Reaction]] = {str(item): [] for item in items}
        for one in await self.examples.reactions(items):
            known[one.item].append(one)
        return known

    async def _missed(
        self, channel: str, page: list[dict[str, Any]], known: dict[str, list[Reaction]]
    ) -> list[Reacted]:
        """Emoji that were put on or taken off without our knowledge, on a page of messages."""
        found: list[Reacted] = []
        for message in page:
            item = MessageId(team=self.team, channel=channel, ts=message["ts"])
            if str(item) in known:
                there = await self._agents_emoji(message)
                found += missed(item, there, known[str(item)])
        return found

    async def _agents_emoji(self, message: dict[str, Any]) -> list[tuple[str, str]]:
        """(user, emoji) of the agents' labels and confirmations on a message."""
        names = {self.config.triage.confirm_emoji, *(one.emoji for one in self.config.labels)}
        meant = {await self.directory.same_emoji(name) for name in names}
        found = []
        for one in message.get("reactions", []):
            emoji = await self.directory.same_emoji(one["name"])
            if emoji in meant:
                found += [
                    (user, emoji) for user in one["users"] if await self.directory.is_agent(user)
                ]
        return found


def _sound(message: Any) -> bool:
    """Whether an item of a history has the fields that are read without asking."""
    try:
        float(message["ts"])
        reactions = message.get("reactions", [])
        return all(isinstance(one["name"] + "".join(one["users"]), str) for one in reactions)
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def backfill_of(parts: Parts, config: Config) -> Backfill:
    """The backfill of a process's workspace."""
    return Backfill(
        config,
        parts.team,
        parts.directory,
        parts.gateway,
        parts.inbox,
        parts.records,
        parts.examples,
        parts.own,
    )


def missed(item: MessageId, there: list[tuple[str, str]], known: list[Reaction]) -> list[Reacted]:
    """The events that lead from the emoji that are known of a message to those that are there."""
    active: set[tuple[str, str]] = set()
    for one in known:
        (active.add if one.added else active.discard)((one.user, one.emoji))
    changes = [(pair, False) for pair in sorted(active - set(there))]
    changes += [(pair, True) for pair in there if pair not in active]
    last = max([float(item.ts), *(float(one.at) for one in known)])
    return [
        Reacted(item=item, user=user, emoji=emoji, added=added, at=f"{last + place / 1e6:.6f}")
        for place, ((user, emoji), added) in enumerate(changes, start=1)
    ]
