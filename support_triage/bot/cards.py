"""The card of a message, as Block Kit; pure."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from support_triage.bot.config import Config
from support_triage.bot.corrections import Standing
from support_triage.bot.markup import escape
from support_triage.classifiers.base import Prediction
from support_triage.storage.records import Message

_TEXT_MAX = 2_800
_WHY_MAX = 80
EVENT_TYPE = "support_triage_card"
"""The metadata type by which a card is found again."""


@dataclass(frozen=True, slots=True)
class Card:
    """What to post, and where: Slack's `blocks`, `text` and `metadata`."""

    channel: str
    blocks: tuple[dict[str, Any], ...]
    text: str
    message: str

    @property
    def metadata(self) -> dict[str, Any]:
        """Travels with the card and names the message it is about."""
        return {"event_type": EVENT_TYPE, "event_payload": {"message": self.message}}

    @property
    def content(self) -> str:
        """A digest of what the card shows: an update is due when it changes."""
        return hashlib.sha256(json.dumps([self.blocks, self.text]).encode()).hexdigest()[:16]


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _why(prediction: Prediction | None, standing: Standing | None) -> str:
    if standing is not None:
        return f"{standing.source.capitalize()} by <@{standing.by}>"
    if prediction is None:
        return ""
    parts = [f"{prediction.confidence:.0%} sure"]
    if prediction.label is None and prediction.alternatives:
        guess = prediction.alternatives[0]
        parts = [f"unsure: best guess {escape(guess.label)} at {guess.confidence:.0%}"]
    if prediction.neighbours:
        near = prediction.neighbours[0]
        like = escape(_cut(" ".join(near.text.split()), _WHY_MAX))
        parts.append(f"most like “{like}” ({escape(near.label)})")
    return " · ".join(parts)


def _title(config: Config, label: str | None) -> str:
    if label is None:
        return f":{config.triage.needs_human_emoji}: *Needs a human*"
    return f":{config.label(label).emoji}: *{escape(label)}*"


def _mention(group: str | None) -> str:
    if group is None:
        return ""
    return f"  <!subteam^{group}>" if group.startswith("S") else f"  <@{group}>"


def _parts(
    config: Config, message: Message, label: str | None, group: str | None, link: str
) -> list[dict[str, Any]]:
    title = _title(config, label) + _mention(group)
    quoted = escape(_cut(message.text, _TEXT_MAX)) or "_(no text)_"
    section: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": quoted}}
    if link:
        section["accessory"] = {
            "type": "button",
            "action_id": "open_message",
            "text": {"type": "plain_text", "text": "Open message"},
            "url": link,
        }
    return [{"type": "section", "text": {"type": "mrkdwn", "text": title}}, section]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card goes and who it concerns, by Slack's ids; `link` is the message's address."""

    channel: str
    author: str
    group: str | None
    link: str


def card(
    config: Config,
    message: Message,
    place: Place,
    *,
    label: str | None,
    prediction: Prediction | None,
    standing: Standing | None,
) -> Card:
    """The card of a message: label, text, author, confidence, why, permalink, group to tell."""
    blocks = _parts(config, message, label, place.group, place.link)
    blocks.append(_context(f"{escape(place.author)} · {_why(prediction, standing)}"))
    hint = f":{config.triage.confirm_emoji}: confirms · another label's emoji corrects"
    blocks.append(_context(hint))
    text = f"{label or 'Needs a human'}: {_cut(message.text, 150)}"
    return Card(place.channel, tuple(blocks), escape(text), str(message.id))
