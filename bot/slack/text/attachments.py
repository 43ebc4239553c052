"""Convert attachments to plain text: forms, integrations, forwarded and quoted messages."""

from typing import Any

from bot.slack.text.blocks import blocks_text
from bot.slack.text.files import files_text
from bot.slack.text.mrkdwn import to_plain
from bot.slack.text.wire_json import Json, objects_in, text_in

_DEPTH_MAX = 6  # forwarded messages may be nested
_NO_PREVIEW = "[no preview available]"  # Slack's fallback of an attachment that has blocks
_LINKED = ("from_url", "original_url", "app_unfurl_url", "is_app_unfurl")
_SHOWN = ("pretext", "author_name", "title", "text", "footer")
_QUOTED = ("is_share", "is_msg_unfurl", "is_reply_unfurl", "message_blocks")


def attachment_texts(part: Json, depth: int = 0) -> list[str]:
    """Return the visible text of each attachment of a message, in order.

    Link previews, added by Slack or an app, are left out because the author did not write them.
    Forwarded and quoted messages are included.
    """
    attachments = objects_in(part, "attachments") if depth < _DEPTH_MAX else []
    texts = [_text(attachment, depth) for attachment in attachments if not is_preview(attachment)]
    return [text for text in texts if text]


def is_preview(attachment: Json) -> bool:
    """Return True if the attachment is a link preview and quotes no message."""
    quoted = any(attachment.get(name) for name in _QUOTED)
    return not quoted and any(attachment.get(name) for name in _LINKED)


def _text(part: Json, depth: int) -> str:
    lines = [*_body(part), *attachment_texts(part, depth + 1), *files_text(part)]
    if not any(lines):
        fallback = to_plain(text_in(part, "fallback"))
        return "" if fallback == _NO_PREVIEW else fallback
    return "\n".join(filter(None, lines))


def _body(part: Json) -> list[str]:
    """Return the lines of the quoted message, or else the blocks, or else the fields."""
    shown = {name: to_plain(text_in(part, name)) for name in _SHOWN}
    fields = [*map(_field, objects_in(part, "fields"))]
    if quoted := "\n".join(filter(None, map(_quoted, objects_in(part, "message_blocks")))):
        return [shown["author_name"], quoted, *fields]
    if blocks := blocks_text(part.get("blocks")):
        return [shown["pretext"], blocks]
    footer = shown.pop("footer")
    return [*shown.values(), *fields, footer]


def _quoted(part: Json) -> str:
    message: Any = part.get("message")
    return blocks_text(message.get("blocks")) if isinstance(message, dict) else ""


def _field(field: Json) -> str:
    title, value = (to_plain(_shown(field.get(name))) for name in ("title", "value"))
    return f"{title}: {value}" if title and value else title or value


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else ""
