"""Convert mrkdwn to visible plain text, with names for mentions, links and dates."""

import re
from datetime import UTC, datetime

_TOKEN = re.compile(r"<(?P<target>[^<>|\s][^<>|]*)(?:\|(?P<label>[^<>]*))?>(?P<glued>(?=\w))?")


def to_plain(text: str) -> str:
    """Return the visible text of mrkdwn, with `*`, `_` and backticks unchanged."""
    return unescaped(_TOKEN.sub(_shown, text)).strip()


def unescaped(text: str) -> str:
    """Return text with the three characters that Slack escapes; other entities stay."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def link(url: str, label: str | None) -> str:
    """Return the visible text of a link: its label, or else its URL."""
    return label or url.removeprefix("mailto:").removeprefix("tel:")


def date(seconds: str | float) -> str:
    """Return a Unix time as date and time in UTC, or "" if it is invalid."""
    try:
        return f"{datetime.fromtimestamp(float(seconds), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _shown(token: re.Match[str]) -> str:
    # Without a space, the word that follows would look like part of the name.
    space = " " if token["glued"] is not None else ""
    return _named(token["target"], token["label"]) + space


def _named(target: str, label: str | None) -> str:
    match target[0]:
        case "@":
            return f"@{label}" if label else "@someone"
        case "#":
            return f"#{label}" if label else "#channel"
        case "!":
            return label or _special(target[1:])
    return link(target, label)


def _special(target: str) -> str:
    name, *more = target.split("^")
    if name == "date" and more:
        return date(more[0])
    return "@group" if name == "subteam" else f"@{name}"
