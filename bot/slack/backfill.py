"""Backfill: read missed messages, emoji and deletions from Slack's history into the inbox.

History shows the current messages and emoji, but not the times of the emoji. A missed emoji is
dated just after the last known emoji and edit of its message: it came after those, and before
whatever Slack sends later. A deleted message leaves no trace: a received message that is missing
from the page where it belongs was deleted.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.config.config import Config
from bot.slack.card import card_about
from bot.slack.errors import RETRYABLE, GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.intake import posted, valid_timestamp
from bot.slack.people import People
from storage.examples.examples import Reaction
from storage.inbox.events import Deleted, Posted, Reacted
from storage.inbox.watermarks import Marks
from storage.messages import MessageId
from storage.stores import Stores

_LOOK_BACK_S = 3600.0  # before the watermark, to find edits, emoji and deletions
_SETTLED_S = 60.0  # history may lag: a missing message younger than this is checked twice
_SKEW_S = 60.0  # between the clocks of Redis and Slack
_TRIES = 5  # per page: a failed channel starts again at its first page

log = structlog.get_logger()


@dataclass
class _ChannelScan:
    """Results from the pages of a channel: events found, the newest time, and existing messages."""

    found: int = 0
    newest: float = 0.0
    existing: set[str] = field(default_factory=set)

    def add(self, page: list[dict[str, Any]]) -> None:
        self.newest = max([self.newest, *(float(message["ts"]) for message in page)])
        self.existing.update(
            message["ts"] for message in page if message.get("subtype") != "tombstone"
        )


@dataclass
class Backfill:
    """Find the events that are missing in the inbox of one workspace."""

    config: Config
    stores: Stores
    people: People
    gateway: Gateway
    own: frozenset[str] = frozenset()
    _read_at: dict[str, float] = field(default_factory=dict, init=False)
    _began: float = field(default=0.0, init=False)

    async def run(self, since: float | None = None, requested_at: float | None = None) -> int:
        """Store events that were missed since a Unix time; return their number.

        By default, start an hour before each channel's watermark. An interrupted run resumes:
        channels that were read after Unix time `requested_at` are skipped. A channel that fails
        does not block the others; raise the failures at the end as an ExceptionGroup.
        """
        began = self._began = await self.stores.inbox.now()
        marks = await self.stores.watermarks.read()
        joined = await self.people.directory.joined()
        await self.stores.watermarks.drop(set(marks.channels).difference(joined))
        found = 0
        errors: list[Exception] = []
        for channel in joined:
            if requested_at is not None and self._read_at.get(channel, 0.0) > requested_at:
                continue
            try:
                found += await self._backfill(channel, marks, began, since)
            except GatewayUnavailableError as error:
                if not error.answered or error.after_s is not None:
                    raise  # an outage or a rate limit concerns all channels
                errors.append(error)
            except RETRYABLE:
                raise
            except Exception as error:  # noqa: BLE001 - raised below, after the last channel
                errors.append(error)
        if errors:
            raise ExceptionGroup("some channels could not be backfilled", errors)
        await self.stores.watermarks.record_backfill(began)
        log.info("backfill.done", found=found, s=round(await self.stores.inbox.now() - began, 1))
        return found

    async def _backfill(self, channel: str, marks: Marks, began: float, since: float | None) -> int:
        read_at, mark = await self.stores.inbox.now(), marks.of(channel)
        start = since if since is not None else await self._start(channel, mark, marks.backfilled)
        if start is None:  # a new installation does not read older messages
            await self.stores.watermarks.advance(channel, began)
            return 0
        try:
            scan = await self._scan(channel, start)
        except GatewayUnavailableError:
            raise
        except GatewayError as error:
            log.warning("backfill.refused", channel=channel, problem=str(error))
            return 0
        if mark is None or start <= mark:  # else there is an unread gap between mark and start
            reached = max(scan.newest, mark or start)
            await self.stores.watermarks.advance(channel, reached)
            await self.stores.watermarks.forget_before(channel, reached - _LOOK_BACK_S)
        self._read_at[channel] = read_at
        return scan.found

    async def _start(self, channel: str, mark: float | None, completed_at: float) -> float | None:
        """Return the Unix time to read from, or None for a new installation.

        A channel without a watermark, such as one that the bot has just joined, is read from the
        last complete backfill on, or, before the first, from its oldest received message.
        """
        if mark is not None:
            return mark - _LOOK_BACK_S
        if completed_at:
            return completed_at - _SKEW_S
        received = await self.stores.watermarks.known(channel, 0.0)
        return float(received[0]) - 1e-6 if received else None

    async def _scan(self, channel: str, since: float) -> _ChannelScan:
        received = await self.stores.watermarks.known(channel, since)
        triaged = await self.people.directory.mode(channel) is not None
        scan, cursor = _ChannelScan(), ""
        while True:
            page, following = await self._page(channel, since, cursor)
            scan.add(page)
            author = await self.gateway.author()
            for message in reversed(page):
                if triaged and card_about(message, author) is None:
                    scan.found += await self._message(channel, message, since)
            scan.found += await self._emoji(channel, page, since, cursor)
            if not following:
                break
            cursor = following
        missing = [ts for ts in received if ts not in scan.existing]
        scan.found += await self._deletions(channel, missing)
        return scan

    async def _emoji(
        self, channel: str, page: list[dict[str, Any]], since: float, cursor: str
    ) -> int:
        known = await self._known(channel, page)
        if not await self._missed(channel, page, known):
            return 0
        # Read the page again: emoji that changed between the two reads above would look missed.
        page, _ = await self._page(channel, since, cursor)
        events = await self._missed(channel, page, known)
        for event in events:
            await self.stores.inbox.receive(event.model_copy(update={"doubt": since}))
        return len(events)

    async def _deletions(self, channel: str, missing: list[str]) -> int:
        """Store a deletion for each received message that is missing in the history."""
        young = [ts for ts in missing if float(ts) > await self.stores.inbox.now() - _SETTLED_S]
        if young:
            scan = _ChannelScan()
            scan.add((await self._page(channel, float(young[0]) - 1e-6, ""))[0])
            missing = [ts for ts in missing if ts not in scan.existing]
        for ts in missing:
            await self.stores.inbox.receive(
                Deleted(id=MessageId(team=self.stores.team, channel=channel, ts=ts))
            )
            await self.stores.watermarks.forget(channel, ts)
        return len(missing)

    async def _page(
        self, channel: str, since: float, cursor: str
    ) -> tuple[list[dict[str, Any]], str]:
        page, following = await self._read(channel, since, cursor)
        valid = [message for message in page if _is_valid(message)]
        if len(valid) < len(page):
            log.warning("backfill.skipped", channel=channel, items=len(page) - len(valid))
        return valid, following

    async def _read(
        self, channel: str, since: float, cursor: str
    ) -> tuple[list[dict[str, Any]], str]:
        for left in reversed(range(_TRIES)):
            try:
                return await self.gateway.history(channel, f"{since:.6f}", cursor, urgent=False)
            except GatewayUnavailableError as error:
                if not left:
                    raise
                await asyncio.sleep(error.after_s or 1.0)
        raise AssertionError

    async def _message(self, channel: str, message: dict[str, Any], since: float) -> bool:
        try:
            event = await self._new_event(channel, message)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            log.warning("backfill.skipped", channel=channel, error=type(error).__name__)
            return False
        if event is None:
            return False
        return await self.stores.inbox.receive(Posted(message=event.message, doubt=since))

    async def _new_event(self, channel: str, message: dict[str, Any]) -> Posted | None:
        """Return a request or a new edit as an event; None for other messages and known edits."""
        allowed = self.config.triage.allowed_bots
        event = posted(self.stores.team, channel, message, allowed, self.own)
        if event is not None and event.message.edited:
            known = await self.stores.records.get(event.item)
            if known is not None and (
                known.deleted or float(known.message.edited or 0) >= float(event.message.edited)
            ):
                return None
        return event

    async def _known(self, channel: str, page: list[dict[str, Any]]) -> dict[str, list[Reaction]]:
        items = [
            MessageId(team=self.stores.team, channel=channel, ts=message["ts"]) for message in page
        ]
        known: dict[str, list[Reaction]] = {str(item): [] for item in items}
        for reaction in await self.stores.examples.reactions(items):
            known[reaction.item].append(reaction)
        return known

    async def _missed(
        self, channel: str, page: list[dict[str, Any]], known: dict[str, list[Reaction]]
    ) -> list[Reacted]:
        """Return the missed emoji, added or removed, on a page of messages."""
        found: list[Reacted] = []
        for message in page:
            item = MessageId(team=self.stores.team, channel=channel, ts=message["ts"])
            if str(item) in known:
                current = await self._agents_emoji(message)
                edited = float((message.get("edited") or {}).get("ts", 0))
                found += missed(item, current, known[str(item)], edited)
        return found

    async def _agents_emoji(self, message: dict[str, Any]) -> list[tuple[str, str]]:
        """Return (user, emoji) for each label or confirmation by an agent on a message."""
        names = {self.config.triage.confirm_emoji, *(label.emoji for label in self.config.labels)}
        relevant = {await self.people.directory.same_emoji(name) for name in names}
        found = []
        for reaction in message.get("reactions", []):
            emoji = await self.people.directory.same_emoji(reaction["name"])
            if emoji in relevant:
                users = [user for user in reaction["users"] if await self._is_agent(user)]
                found += [(user, emoji) for user in users]
        return found

    async def _is_agent(self, user: str) -> bool:
        """Return True if a user is an agent by member lists read since this run began."""
        try:
            return await self.people.is_agent(user, self._began)
        except GatewayUnavailableError as error:
            await asyncio.sleep(error.after_s or 1.0)
            return await self.people.is_agent(user, self._began)


def _is_valid(message: Any) -> bool:
    """Return True if a message has the fields that are read without a check."""
    try:
        valid_timestamp(message["ts"])
        valid_timestamp((message.get("edited") or {}).get("ts", "0"))
        reactions = message.get("reactions", [])
        return all(isinstance(item["name"] + "".join(item["users"]), str) for item in reactions)
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def missed(
    item: MessageId, current: list[tuple[str, str]], known: list[Reaction], edited: float = 0.0
) -> list[Reacted]:
    """Return the events that turn the known emoji of a message into the current (user, emoji).

    They are dated after the last edit at Unix time `edited`: the emoji apply to the current text.
    """
    active: set[tuple[str, str]] = set()
    for reaction in known:
        (active.add if reaction.added else active.discard)((reaction.user, reaction.emoji))
    changes = [(pair, False) for pair in sorted(active - set(current))]
    changes += [(pair, True) for pair in current if pair not in active]
    last = max([float(item.ts), edited, *(float(reaction.at) for reaction in known)])
    return [
        Reacted(item=item, user=user, emoji=emoji, added=added, at=f"{last + place / 1e6:.6f}")
        for place, ((user, emoji), added) in enumerate(changes, start=1)
    ]
