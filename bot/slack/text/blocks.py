"""Convert Block Kit to plain text: everything visible except controls."""

import re
from typing import Any

from bot.slack.text.mrkdwn import to_plain, unescaped
from bot.slack.text.rich_text import rich_text
from bot.slack.text.wire_json import Json, text_in

_DEPTH_MAX = 12
_CONTROL = re.compile(
    r"actions|context_actions|divider|overflow|checkboxes"
    r"|.*(?:button|buttons|select|picker|_input)"
)
# Fields that contain texts, in the order in which Slack shows them.
_SHOWN = (
    "title",
    "rich_text_title",
    "subtitle",
    "author_name",
    "text",
    "fields",
    "body",
    "description",
    "label",
    "hint",
    "caption",
    "rows",
    "details",
    "output",
    "elements",
    "child_blocks",
    "tasks",
    "accessory",
)
_TEXTS = {"mrkdwn", "plain_text"}
_PICTURES = {"image", "video"}
_BARE = {"raw_text", "raw_number"}
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_MARKDOWN_MARKS = re.compile(r"\*\*|__|^#{1,6} ", re.MULTILINE)


def blocks_text(blocks: Any) -> str:
    """Return the visible text of blocks, one per line; "" for other values."""
    return "\n".join(_lines(blocks, 0)) if isinstance(blocks, list | dict) else ""


def _lines(part: Any, depth: int) -> list[str]:
    if depth > _DEPTH_MAX:
        return []
    if isinstance(part, str):
        return [line] if (line := to_plain(part)) else []
    if isinstance(part, list):
        return [line for item in part for line in _lines(item, depth + 1)]
    return _of_object(part, depth) if isinstance(part, dict) else []


def _of_object(part: Json, depth: int) -> list[str]:
    kind = text_in(part, "type")
    if _CONTROL.fullmatch(kind):
        return []
    if kind == "rich_text":
        found = rich_text(part)
    elif kind in _BARE:
        found = _bare(part)
    elif kind == "markdown":
        found = _markdown(text_in(part, "text"))
    elif kind in _TEXTS:
        found = to_plain(text_in(part, "text"))
    else:
        return _of_block(part, kind, depth)
    return [found] if found.strip() else []


def _of_block(part: Json, kind: str, depth: int) -> list[str]:
    lines = []
    for name in _SHOWN:
        value = part.get(name)
        lines += _rows(value, depth) if name == "rows" else _lines(value, depth + 1)
    if kind in _PICTURES and not lines:
        lines = _lines(text_in(part, "alt_text"), depth)
    return lines


def _rows(rows: Any, depth: int) -> list[str]:
    """Return the rows of a table, with a vertical bar between cells."""
    if not isinstance(rows, list):
        return []
    cells = [
        [" ".join(_lines(cell, depth + 2)) for cell in row] for row in rows if isinstance(row, list)
    ]
    return [" | ".join(row) for row in cells if any(row)]


def _bare(part: Json) -> str:
    number = part.get("value")
    return unescaped(text_in(part, "text")) or ("" if number is None else str(number))


def _markdown(text: str) -> str:
    return _MARKDOWN_MARKS.sub("", _MARKDOWN_LINK.sub(r"\1", unescaped(text))).strip()
