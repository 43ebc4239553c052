"""The rich text block that Slack's client sends beside a message's text."""

import html
import re
from uuid import uuid4

from sandbox.wire import Json

_MARKED = re.compile(r"<([^<>|\s][^<>|]*)(?:\|([^<>]*))?>")


def composed(text: str) -> list[Json]:
    """Return the blocks of a text in Slack's form (`&lt;`, `<@U…>`); none for an empty text."""
    if not text:
        return []
    section = {"type": "rich_text_section", "elements": list(_elements(text))}
    return [{"type": "rich_text", "block_id": uuid4().hex[:5], "elements": [section]}]


def _elements(text: str) -> list[Json]:
    found, end = [], 0
    for match in _MARKED.finditer(text):
        found += [*_plain(text[end : match.start()]), _marked(match[1], match[2])]
        end = match.end()
    return [*found, *_plain(text[end:])]


def _plain(text: str) -> list[Json]:
    return [{"type": "text", "text": html.unescape(text)}] if text else []


def _marked(target: str, label: str | None) -> Json:
    match target[0]:
        case "@":
            return {"type": "user", "user_id": target[1:]}
        case "#":
            return {"type": "channel", "channel_id": target[1:]}
        case "!":
            return {"type": "broadcast", "range": target[1:]}
    link = {"type": "link", "url": html.unescape(target)}
    return link | ({"text": html.unescape(label)} if label else {})
