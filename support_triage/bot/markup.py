"""Slack's mark-up to plain text, and plain text to what Slack shows as it is."""

import html
import re
from typing import Any

from support_triage.classifiers.redaction import redact

_EXCERPT = 120
_LINK = re.compile(r"<(?P<target>[^<>|\s][^<>|]*)(?:\|(?P<label>[^<>]*))?>")


def _plain_link(match: re.Match[str]) -> str:
    target, label = match["target"], match["label"]
    if target.startswith("@"):
        return f"@{label}" if label else "@someone"
    if target.startswith("#"):
        return f"#{label}" if label else "#channel"
    if target.startswith("!"):
        return label or f"@{target[1:].split('^')[0]}"
    return label or target.removeprefix("mailto:").removeprefix("tel:")


def to_plain(text: str) -> str:
    """What a reader sees of a message: mentions and links by their names, entities decoded."""
    return html.unescape(_LINK.sub(_plain_link, text)).strip()


def escape(text: str) -> str:
    """Plain text so that Slack shows it as it is: no mention, link or entity comes to life."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def excerpt(text: str) -> str:
    """The start of a text on one line, redacted and printable: enough to know it by."""
    line = "".join(filter(str.isprintable, " ".join(redact(text).text.split())))
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def _texts(part: Any) -> list[str]:
    """All texts in blocks or attachments, in reading order."""
    if isinstance(part, list):
        return [text for one in part for text in _texts(one)]
    if not isinstance(part, dict):
        return []
    found = [part[key] for key in ("pretext", "title", "text") if isinstance(part.get(key), str)]
    if not found and isinstance(part.get("fallback"), str):
        found = [part["fallback"]]
    for key in ("text", "elements", "fields", "blocks"):
        found += _texts(part.get(key))
    return found


def text_of(message: dict[str, Any]) -> str:
    """The plain text of a message event: its text, else that of its blocks, attachments, files."""
    text = message.get("text")
    if isinstance(text, str) and text.strip():
        return to_plain(text)
    for key in ("blocks", "attachments"):
        found = "\n".join(_texts(message.get(key)))
        if found.strip():
            return to_plain(found)
    files = message.get("files")
    names = (
        [one.get("title") or one.get("name") for one in files] if isinstance(files, list) else []
    )
    return to_plain("\n".join(name for name in names if isinstance(name, str)))
