"""Slack event to inbox: parsed, stored, and only then acknowledged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from support_triage.bot.markup import text_of
from support_triage.classifiers.text import all_well_formed
from support_triage.storage.connection import StorageUnavailableError
from support_triage.storage.events import Deleted, Event, Posted, Reacted
from support_triage.storage.inbox import Inbox
from support_triage.storage.records import Message, MessageId

EVENTS = ("message", "reaction_added", "reaction_removed", "emoji_changed")
"""What the manifest subscribes to and this module understands."""

_TRIAGED_SUBTYPES = {None, "file_share", "bot_message"}

log = structlog.get_logger()


def posted(
    team: str, channel: str, message: dict[str, Any], allowed_bots: frozenset[str]
) -> Posted | None:
    """A new or edited message that wants triage; None for replies, notices and other bots."""
    bot = message.get("bot_id")
    if message.get("subtype") not in _TRIAGED_SUBTYPES or (bot and bot not in allowed_bots):
        return None
    if message.get("thread_ts", message["ts"]) != message["ts"]:
        return None
    edited = message.get("edited") or {}
    return Posted(
        message=Message(
            id=MessageId(team=team, channel=channel, ts=message["ts"]),
            user=message.get("user") or bot or "",
            text=text_of(message),
            edited=str(edited.get("ts", "")),
        )
    )


def _message(
    team: str, event: dict[str, Any], allowed_bots: frozenset[str]
) -> Posted | Deleted | None:
    channel = event["channel"]
    if event.get("channel_type") in {"im", "mpim"}:
        return None
    match event.get("subtype"):
        case "message_changed":
            new, old = event["message"], event.get("previous_message") or {}
            if new.get("subtype") == "tombstone":
                return Deleted(id=MessageId(team=team, channel=channel, ts=new["ts"]))
            if not new.get("edited") or text_of(new) == text_of(old):
                return None  # a preview was added, nothing was said
            return posted(team, channel, new, allowed_bots)
        case "message_deleted":
            return Deleted(id=MessageId(team=team, channel=channel, ts=event["deleted_ts"]))
        case _:
            return posted(team, channel, event, allowed_bots)


def _reaction(team: str, event: dict[str, Any]) -> Reacted | None:
    item = event["item"]
    if item.get("type") != "message":
        return None
    return Reacted(
        item=MessageId(team=team, channel=item["channel"], ts=item["ts"]),
        user=event["user"],
        emoji=event["reaction"].split("::")[0],
        added=event["type"] == "reaction_added",
        at=event["event_ts"],
    )


def parse(body: dict[str, Any], allowed_bots: frozenset[str] = frozenset()) -> Event | None:
    """The event in a request's body, None if it is not for us; ValueError when it is malformed."""
    body = all_well_formed(body)
    event, team = body.get("event"), body.get("team_id")
    if not isinstance(event, dict):
        return None
    try:
        match event.get("type"):
            case "message":
                return _message(str(team), event, allowed_bots)
            case "reaction_added" | "reaction_removed":
                float(event["event_ts"])
                return _reaction(str(team), event)
            case _:
                return None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"malformed {event.get('type')} event: {error!r}") from None


def whose(event: dict[str, Any]) -> str | None:
    """Who did it; of an edit or a deletion, whose message it was."""
    message = event.get("message") or event.get("previous_message") or {}
    found: str | None = event.get("user") or message.get("user")
    return found


@dataclass(frozen=True)
class Intake:
    """Takes events past bolt: it listens to none, and its dispatch took a third of an ack's time.

    `me` is the bot's own user: what it does comes back as events, and is nothing new.
    `emoji_changed` is called when the workspace's emoji did, `missed` when an event was not stored.
    """

    inbox: Inbox
    allowed_bots: frozenset[str]
    me: str
    emoji_changed: Callable[[], None]
    missed: Callable[[], None]

    async def take(self, body: dict[str, Any]) -> bool:
        """Store the event of an `event_callback`; False where it must not be acknowledged."""
        happened = body.get("event") or {}
        if whose(happened) == self.me:
            return True
        if happened.get("type") == "emoji_changed":
            self.emoji_changed()
        try:
            event = parse(body, self.allowed_bots)
            if event is not None:
                await self.inbox.receive(event)
        except ValueError as error:
            log.warning("event.malformed", event_id=body.get("event_id"), problem=str(error))
        except StorageUnavailableError as error:
            log.error("event.not_stored", error=type(error).__name__)  # noqa: TRY400 - no trace
            self.missed()
            return False
        return True
