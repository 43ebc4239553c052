"""Parse Slack events and store them in the inbox before they are acknowledged."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.config.emoji_names import standard_name
from bot.slack.message_kinds import author_of, is_request
from bot.slack.origin import stated_team, workspace_of
from bot.slack.text.markup import file_names, text_of
from classifiers.text import all_well_formed
from storage.errors import StorageUnavailableError
from storage.inbox.events import Deleted, Event, Posted, Reacted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.workspace.workspaces import Workspaces

EVENTS = ("message", "reaction_added", "reaction_removed", "emoji_changed")
"""The event types that the manifest subscribes to and this module parses."""

_REPORT_EVERY_S = 60.0
"""Seconds between two reports of an unserved workspace; each is a log line and a write."""

_TIME = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_CHANNEL = re.compile(r"\w{1,64}", re.ASCII)

log = structlog.get_logger()


def message_id(team: str, channel: str, ts: str) -> MessageId:
    """Return the id of a message; raise ValueError or TypeError if a part is malformed.

    Later code reads `ts` as a number, and splits channel and `ts` at a colon.
    """
    if _CHANNEL.fullmatch(channel) is None:
        raise ValueError("the channel is not a channel id")
    return MessageId(team=team, channel=channel, ts=valid_timestamp(ts))


def valid_timestamp(ts: str) -> str:
    """Return a timestamp unchanged; raise ValueError or TypeError if it is malformed."""
    if _TIME.fullmatch(ts) is None:
        raise ValueError("the timestamp is not a number of seconds")
    return ts


def posted(
    team: str,
    channel: str,
    message: dict[str, Any],
    allowed_bots: frozenset[str],
    own: frozenset[str] = frozenset(),
) -> Posted | None:
    """Return a new or edited request; None for replies, notices and other bots."""
    if not is_request(message, allowed_bots, own):
        return None
    return Posted(message=_kept(team, channel, message))


def _kept(team: str, channel: str, message: dict[str, Any]) -> Message:
    edited = message.get("edited") or {}
    return Message(
        id=message_id(team, channel, message["ts"]),
        user=author_of(message),
        text=text_of(message),
        files=file_names(message),
        edited=valid_timestamp(edited["ts"]) if edited.get("ts") else "",
    )


def _edited(
    team: str, event: dict[str, Any], allowed_bots: frozenset[str], own: frozenset[str]
) -> Posted | Deleted | None:
    channel, new, old = event["channel"], event["message"], event.get("previous_message") or {}
    if new.get("subtype") == "tombstone":
        return Deleted(id=message_id(team, channel, new["ts"]))
    if text_of(new) == text_of(old):
        return None  # Slack added a link preview or counted a reply
    if new.get("edited") == old.get("edited"):
        new = new | {"edited": {"ts": event["ts"]}}  # an edit by Slack: a transcript, a quote
    found = posted(team, channel, new, allowed_bots, own)
    if found is None or not old:
        return found
    return Posted(message=found.message, before=_kept(team, channel, old | {"ts": new["ts"]}))


def _message(
    team: str, event: dict[str, Any], allowed_bots: frozenset[str], own: frozenset[str]
) -> Posted | Deleted | None:
    channel = event["channel"]
    if event.get("channel_type") in {"im", "mpim", "app_home"}:
        return None
    match event.get("subtype"):
        case "message_changed":
            return _edited(team, event, allowed_bots, own)
        case "message_deleted":
            return Deleted(id=message_id(team, channel, event["deleted_ts"]))
        case _:
            return posted(team, channel, event, allowed_bots, own)


def _reaction(team: str, event: dict[str, Any]) -> Reacted | None:
    item = event["item"]
    if item.get("type") != "message":
        return None
    return Reacted(
        item=message_id(team, item["channel"], item["ts"]),
        user=event["user"],
        emoji=standard_name(event["reaction"]),
        added=event["type"] == "reaction_added",
        at=event["event_ts"],
        home=stated_team(event),
    )


def parse(
    body: dict[str, Any],
    allowed_bots: frozenset[str] = frozenset(),
    own: frozenset[str] = frozenset(),
) -> Event | None:
    """Return the event in a request's body, None if irrelevant; raise ValueError if malformed."""
    body = all_well_formed(body)
    event = body.get("event")
    if not isinstance(event, dict):
        return None
    try:
        match event.get("type"):
            case "message":
                return _message(workspace_of(body), event, allowed_bots, own)
            case "reaction_added" | "reaction_removed":
                valid_timestamp(event["event_ts"])
                return _reaction(workspace_of(body), event)
            case _:
                return None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        kind = type(error).__name__  # its message may quote private text
        raise ValueError(f"malformed {event.get('type')} event: {kind}") from None


def actor(event: dict[str, Any]) -> str | None:
    """Return the user who acted; for an edit or a deletion, the author of the message."""
    message = event.get("message") or event.get("previous_message") or {}
    found = event.get("user") or (message.get("user") if isinstance(message, dict) else None)
    return found if isinstance(found, str) else None


@dataclass
class Intake:
    """Receive events directly, not through bolt, whose dispatch took a third of an ack's time.

    `team` is the workspace that this process serves. Events caused by the bot itself, whose ids
    are `own`, are ignored. `emoji_changed` is called when the workspace's emoji change, `missed`
    when an event could not be stored.
    """

    inbox: Inbox
    workspaces: Workspaces
    team: str
    allowed_bots: frozenset[str]
    own: frozenset[str]
    emoji_changed: Callable[[], None]
    missed: Callable[[], None]
    _reported: dict[str, float] = field(default_factory=dict, init=False)

    async def take(self, body: dict[str, Any]) -> bool:
        """Store the event of an `event_callback`; return False if it must not be acknowledged."""
        content = body.get("event")
        if not isinstance(content, dict) or actor(content) in self.own:
            return True
        if content.get("type") == "emoji_changed":
            self.emoji_changed()
        try:
            event = parse(body, self.allowed_bots, self.own)
            if event is not None:
                return await self._receive(event)
        except ValueError as error:
            log.warning("event.malformed", event_id=body.get("event_id"), problem=str(error))
        except StorageUnavailableError as error:
            log.error("event.not_stored", error=type(error).__name__)  # noqa: TRY400 - no trace
            self.missed()
            return False
        return True

    async def _receive(self, event: Event) -> bool:
        """Store an event if some process serves its workspace; otherwise report it."""
        workspace = event.item.team
        if workspace != self.team and not await self.inbox.listened(workspace):
            await self._report(workspace)
            return False
        await self.inbox.receive(event)
        return True

    async def _report(self, workspace: str) -> None:
        """Report, once a minute, events of a workspace that no process serves."""
        now = time.monotonic()
        if now - self._reported.get(workspace, float("-inf")) < _REPORT_EVERY_S:
            return
        self._reported[workspace] = now
        log.error("event.workspace_not_served", workspace=workspace, served=self.team)
        await self.workspaces.problem(
            self.team,
            f"workspace {workspace}",
            "its events arrive here, but no bot serves it, so they are not acknowledged. Run a bot "
            "with the token of that workspace, or remove the app from it",
        )
