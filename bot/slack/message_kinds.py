"""Decide by subtype, author and thread which messages are requests."""

from enum import Enum
from typing import Any

_SLACKBOT = "USLACKBOT"


class Kind(Enum):
    """The kind of a message; only REQUEST and, if allowed, BOT are triaged."""

    REQUEST = "written by a person"
    BOT = "written by an app"
    REPLY = "an answer in a thread"
    CHANGE = "reports a change of another message: an edit, a deletion, a reply"
    NOTICE = "written by Slack about the channel"


# fmt: off
_NOTICES = (
    "app_conversation_join", "app_conversation_leave", "assistant_app_thread", "bot_add",
    "bot_disable", "bot_enable", "bot_remove", "channel_archive", "channel_canvas_updated",
    "channel_convert_to_private", "channel_convert_to_public", "channel_join", "channel_leave",
    "channel_name", "channel_posting_permissions", "channel_purpose", "channel_topic",
    "channel_unarchive", "document_mention", "ekm_access_denied", "file_comment", "file_mention",
    "group_archive", "group_join", "group_leave", "group_name", "group_purpose", "group_topic",
    "group_unarchive", "huddle_thread", "joiner_notification", "joiner_notification_for_inviter",
    "list_record_comment", "pinned_item", "reminder_add", "reminder_delete", "sh_room_created",
    "sh_room_shared", "share_shortcut", "slackbot_response", "tabbed_canvas_updated",
    "unpinned_item",
)
# fmt: on

SUBTYPES: dict[str | None, Kind] = {
    None: Kind.REQUEST,
    "file_share": Kind.REQUEST,
    "me_message": Kind.REQUEST,
    "message_share": Kind.REQUEST,
    "bot_message": Kind.BOT,
    "thread_broadcast": Kind.REPLY,
    "reply_broadcast": Kind.REPLY,
    "message_changed": Kind.CHANGE,
    "message_deleted": Kind.CHANGE,
    "message_replied": Kind.CHANGE,
    "tombstone": Kind.CHANGE,
    **dict.fromkeys(_NOTICES, Kind.NOTICE),
}
"""The kind of each documented subtype, and of undocumented ones that Slack's clients send.

An unlisted subtype is a notice: Slack itself writes messages with new subtypes.
"""


def _ids(message: dict[str, Any]) -> list[str]:
    """Return the ids of a message's author, the most exact first."""
    profile = message.get("bot_profile")
    bot = profile if isinstance(profile, dict) else {}
    ids = [
        message.get("user"),
        message.get("bot_id"),
        bot.get("id"),
        message.get("app_id"),
        bot.get("app_id"),
    ]
    return [identity for identity in ids if isinstance(identity, str) and identity]


def author_of(message: dict[str, Any]) -> str:
    """Return the id of a message's author: a user, else a bot or app; "" if none is given."""
    return next(iter(_ids(message)), "")


def _is_email(message: dict[str, Any]) -> bool:
    """Return True if a message is an e-mail to the channel, which Slackbot posts as a file."""
    files = message.get("files")
    return isinstance(files, list) and any(
        "email" in (file.get("filetype"), file.get("mode"))
        for file in files
        if isinstance(file, dict)
    )


def _by_an_app(message: dict[str, Any]) -> bool:
    marks = ("bot_id", "bot_profile", "app_id", "display_as_bot", "icons")
    if any(message.get(mark) for mark in marks) or not message.get("user"):
        return True
    return message["user"] == _SLACKBOT and not _is_email(message)


def kind_of(message: dict[str, Any]) -> Kind:
    """Return the kind of a message from an event or from a channel's history."""
    kind = SUBTYPES.get(message.get("subtype"), Kind.NOTICE)
    if kind not in {Kind.REQUEST, Kind.BOT}:
        return kind
    if (message.get("thread_ts") or message["ts"]) != message["ts"]:
        return Kind.REPLY
    return Kind.BOT if _by_an_app(message) else kind


def is_request(
    message: dict[str, Any], allowed_bots: frozenset[str], own: frozenset[str] = frozenset()
) -> bool:
    """Return True if a message is to be triaged; messages by `own`, the bot's ids, never are.

    Other apps are allowed by bot id (B…) or app id (A…), because an app can use any name.
    """
    kind, ids = kind_of(message), frozenset(_ids(message))
    if ids & own:
        return False
    return kind is Kind.REQUEST or (kind is Kind.BOT and bool(ids & allowed_bots))
