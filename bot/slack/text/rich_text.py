"""Convert rich text blocks to plain text: lists, quotes, code, links, mentions, dates."""

from collections.abc import Callable

from bot.slack.text.mrkdwn import date, link
from bot.slack.text.wire_json import Json, objects_in, text_in

_DEPTH_MAX = 12  # Slack nests eight levels


def rich_text(block: Json) -> str:
    """Return the visible text of a rich text block, one line per item or quoted line."""
    return "\n".join(filter(None, _parts(block, 0)))


def _parts(part: Json, depth: int) -> list[str]:
    if depth > _DEPTH_MAX:
        return []
    return [_PARTS.get(text_in(item, "type"), _section)(item, depth) for item in _elements(part)]


def _elements(part: Json) -> list[Json]:
    return objects_in(part, "elements")


def _section(part: Json, _: int) -> str:
    if "elements" not in part:
        return _inline(part)
    return "".join(map(_inline, _elements(part)))


def _quote(part: Json, depth: int) -> str:
    return "\n".join(f"> {line}" for line in _section(part, depth).splitlines())


def _list(part: Json, depth: int) -> str:
    indent, offset = (part.get(name) for name in ("indent", "offset"))
    level = min(indent, _DEPTH_MAX) if isinstance(indent, int) else 0
    number = offset if isinstance(offset, int) else 0
    lines = []
    for item in _elements(part):
        if item.get("type") == "rich_text_list":
            lines.append(_nested(item, level + 1, depth))
            continue
        number += 1
        mark = f"{number}." if part.get("style") == "ordered" else "•"
        text = "\n".join(filter(None, _parts({"elements": [item]}, depth + 1)))
        lines.append(f"{'  ' * level}{mark} {text}")
    return "\n".join(filter(None, lines))


def _nested(item: Json, level: int, depth: int) -> str:
    if depth >= _DEPTH_MAX:
        return ""
    return _list({"indent": level, **item}, depth + 1)


_PARTS: dict[str, Callable[[Json, int], str]] = {
    "rich_text_list": _list,
    "rich_text_quote": _quote,
}


def _inline(part: Json) -> str:
    shown = _INLINE.get(text_in(part, "type"))
    return shown(part) if shown else text_in(part, "text", "fallback")


def _text(part: Json) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else ""


def _date(part: Json) -> str:
    timestamp = part.get("timestamp")
    written = date(timestamp) if isinstance(timestamp, int | float | str) else ""
    return text_in(part, "fallback") or written


_INLINE: dict[str, Callable[[Json], str]] = {
    "text": _text,
    "emoji": lambda part: f":{text_in(part, 'name')}:",
    "link": lambda part: link(text_in(part, "url"), text_in(part, "text")),
    "user": lambda _: "@someone",
    "usergroup": lambda _: "@group",
    "team": lambda _: "@team",
    "channel": lambda _: "#channel",
    "broadcast": lambda part: f"@{text_in(part, 'range') or 'here'}",
    "date": _date,
    "color": lambda part: text_in(part, "value"),
}
