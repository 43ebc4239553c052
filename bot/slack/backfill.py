"""What was said while nobody listened: read from Slack's history and put in the inbox.

History holds messages as they are now, with their emoji but without the times of these. A missed
emoji is dated just after the last emoji and the last edit that are known of its message: it was
missed, so it came later, and whatever Slack still sends is later than it. What was deleted leaves
no trace there: a message that was received, and is not on the pages where it belongs, is gone.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.config.config import Config
from bot.slack.card import card_about
from bot.slack.errors import PASSING, GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.intake import moment, posted
from bot.slack.people import People
from storage.examples.examples import Reaction
from storage.inbox.events import Deleted, Posted, Reacted
from storage.inbox.watermarks import Marks
from storage.messages import MessageId
from storage.stores import Stores

_LOOK_BACK_S = 3600.0  # before the watermark: for edits, emoji and deletions of what is known
_SETTLED_S = 60.0  # a younger message that history does not show yet is looked for twice
_SKEW_S = 60.0  # between the clock of Redis and that of Slack
_TRIES = 5  # of one page, so that a refusal does not begin a channel again at its first page

log = structlog.get_logger()


@dataclass
class _Seen:
    """What the pages of a channel's history showed: how much of it was new, and which messages."""

    found: int = 0
    newest: float = 0.0
    there: set[str] = field(default_factory=set)

    def add(self, page: list[dict[str, Any]]) -> None:
        self.newest = max([self.newest, *(float(one["ts"]) for one in page)])
        self.there.update(one["ts"] for one in page if one.get("subtype") != "tombstone")


@dataclass
class Backfill:
    """Looks through the channels of one workspace for what is missing here."""

    config: Config
    stores: Stores
    people: People
    gateway: Gateway
    own: frozenset[str] = frozenset()
    _read_at: dict[str, float] = field(default_factory=dict, init=False)
    _began: float = field(default=0.0, init=False)

    async def run(self, since: float | None = None, asked: float | None = None) -> int:
        """Put in the inbox what is missing since a Unix time; return how many events that were.

        By default it starts at each channel's watermark, and an hour before it. A run that was cut
        off goes on: channels that were read since it was `asked` for are not read again. A channel
        that fails does not hold up the others; the failures are raised at the end, as a group.
        """
        began = self._began = await self.stores.inbox.now()
        marks = await self.stores.watermarks.read()
        joined = await self.people.directory.joined()
        await self.stores.watermarks.drop(set(marks.channels).difference(joined))
        found = 0
        errors: list[Exception] = []
        for channel in joined:
            if asked is not None and self._read_at.get(channel, 0.0) > asked:
                continue
            try:
                found += await self._joined(channel, marks, began, since)
            except GatewayUnavailableError as error:
                if not error.answered or error.after_s is not None:
                    raise  # Slack is away, or limits all channels alike
                errors.append(error)
            except PASSING:
                raise
            except Exception as error:  # noqa: BLE001 - raised below, when all had their turn
                errors.append(error)
        if errors:
            raise ExceptionGroup("some channels could not be backfilled", errors)
        await self.stores.watermarks.record_backfill(began)
        log.info("backfill.done", found=found, s=round(await self.stores.inbox.now() - began, 1))
        return found

    async def _joined(self, channel: str, marks: Marks, began: float, since: float | None) -> int:
        read_at, mark = await self.stores.inbox.now(), marks.of(channel)
        start = since if since is not None else await self._start(channel, mark, marks.backfilled)
        if start is None:  # the first start leaves the past alone
            await self.stores.watermarks.advance(channel, began)
            return 0
        try:
            seen = await self._channel(channel, start)
        except GatewayUnavailableError:
            raise
        except GatewayError as error:
            log.warning("backfill.refused", channel=channel, problem=str(error))
            return 0
        if mark is None or start <= mark:  # else there is a gap between what is known and this
            reached = max(seen.newest, mark or start)
            await self.stores.watermarks.advance(channel, reached)
            await self.stores.watermarks.forget_before(channel, reached - _LOOK_BACK_S)
        self._read_at[channel] = read_at
        return seen.found

    async def _start(self, channel: str, mark: float | None, looked: float) -> float | None:
        """Return where to begin to read.

        A channel that the bot was invited to since is read from the last look at all channels on;
        before the first look, a channel is read from the oldest message that was received.
        """
        if mark is not None:
            return mark - _LOOK_BACK_S
        if looked:
            return looked - _SKEW_S
        received = await self.stores.watermarks.known(channel, 0.0)
        return float(received[0]) - 1e-6 if received else None

    async def _channel(self, channel: str, since: float) -> _Seen:
        received = await self.stores.watermarks.known(channel, since)
        triaged = await self.people.directory.mode(channel) is not None
        seen, cursor = _Seen(), ""
        while True:
            page, following = await self._page(channel, since, cursor)
            seen.add(page)
            author = await self.gateway.author()
            for message in reversed(page):
                if triaged and card_about(message, author) is None:
                    seen.found += await self._message(channel, message, since)
            seen.found += await self._emoji(channel, page, since, cursor)
            if not following:
                break
            cursor = following
        seen.found += await self._gone(channel, [one for one in received if one not in seen.there])
        return seen

    async def _emoji(
        self, channel: str, page: list[dict[str, Any]], since: float, cursor: str
    ) -> int:
        known = await self._known(channel, page)
        if not await self._missed(channel, page, known):
            return 0
        # Read again, as what came between the page and what is known of it would look as if it had
        # been missed.
        page, _ = await self._page(channel, since, cursor)
        events = await self._missed(channel, page, known)
        for event in events:
            await self.stores.inbox.receive(event.model_copy(update={"doubt": since}))
        return len(events)

    async def _gone(self, channel: str, missing: list[str]) -> int:
        """Take messages for deleted that were received and are not in the history."""
        young = [one for one in missing if float(one) > await self.stores.inbox.now() - _SETTLED_S]
        if young:
            there = _Seen()
            there.add((await self._page(channel, float(young[0]) - 1e-6, ""))[0])
            missing = [one for one in missing if one not in there.there]
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
        sound = [message for message in page if _sound(message)]
        if len(sound) < len(page):
            log.warning("backfill.skipped", channel=channel, items=len(page) - len(sound))
        return sound, following

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
            event = await self._news(channel, message)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            log.warning("backfill.skipped", channel=channel, error=type(error).__name__)
            return False
        if event is None:
            return False
        return await self.stores.inbox.receive(Posted(message=event.message, doubt=since))

    async def _news(self, channel: str, message: dict[str, Any]) -> Posted | None:
        """Return a message, or an edit of it that is not known yet."""
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
        items = [MessageId(team=self.stores.team, channel=channel, ts=one["ts"]) for one in page]
        known: dict[str, list[Reaction]] = {str(item): [] for item in items}
        for one in await self.stores.examples.reactions(items):
            known[one.item].append(one)
        return known

    async def _missed(
        self, channel: str, page: list[dict[str, Any]], known: dict[str, list[Reaction]]
    ) -> list[Reacted]:
        """Emoji that were put on or taken off without our knowledge, on a page of messages."""
        found: list[Reacted] = []
        for message in page:
            item = MessageId(team=self.stores.team, channel=channel, ts=message["ts"])
            if str(item) in known:
                there = await self._agents_emoji(message)
                edited = float((message.get("edited") or {}).get("ts", 0))
                found += missed(item, there, known[str(item)], edited)
        return found

    async def _agents_emoji(self, message: dict[str, Any]) -> list[tuple[str, str]]:
        """(user, emoji) of the agents' labels and confirmations on a message."""
        names = {self.config.triage.confirm_emoji, *(one.emoji for one in self.config.labels)}
        meant = {await self.people.directory.same_emoji(name) for name in names}
        found = []
        for one in message.get("reactions", []):
            emoji = await self.people.directory.same_emoji(one["name"])
            if emoji in meant:
                found += [(user, emoji) for user in one["users"] if await self._is_agent(user)]
        return found

    async def _is_agent(self, user: str) -> bool:
        """Return whether a user is an agent by lists that Slack gave since this run began."""
        try:
            return await self.people.is_agent(user, self._began)
        except GatewayUnavailableError as error:
            await asyncio.sleep(error.after_s or 1.0)
            return await self.people.is_agent(user, self._began)


def _sound(message: Any) -> bool:
    """Whether an item of a history has the fields that are read without asking."""
    try:
        moment(message["ts"])
        moment((message.get("edited") or {}).get("ts", "0"))
        reactions = message.get("reactions", [])
        return all(isinstance(one["name"] + "".join(one["users"]), str) for one in reactions)
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def missed(
    item: MessageId, there: list[tuple[str, str]], known: list[Reaction], edited: float = 0.0
) -> list[Reacted]:
    """The events that lead from the emoji that are known of a message to those that are there.

    They are dated after the last edit as well: the emoji is on the text that is there now.
    """
    active: set[tuple[str, str]] = set()
    for one in known:
        (active.add if one.added else active.discard)((one.user, one.emoji))
    changes = [(pair, False) for pair in sorted(active - set(there))]
    changes += [(pair, True) for pair in there if pair not in active]
    last = max([float(item.ts), edited, *(float(one.at) for one in known)])
    return [
        Reacted(item=item, user=user, emoji=emoji, added=added, at=f"{last + place / 1e6:.6f}")
        for place, ((user, emoji), added) in enumerate(changes, start=1)
    ]
