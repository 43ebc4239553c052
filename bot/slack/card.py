"""A card as data, with the metadata by which the bot finds its cards in Slack."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

EVENT_TYPE = "support_triage_card"
"""The metadata type of cards; the bot finds its cards by it."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card to post: channel, `blocks`, `text` and the id of the message that it is about.

    `bare` is the same card without text by others, for the case that Slack refuses that text.
    """

    channel: str
    blocks: tuple[dict[str, Any], ...]
    text: str
    message: str
    bare: "Card | None" = None

    @property
    def metadata(self) -> dict[str, Any]:
        """Return Slack's metadata for the card, which names its message."""
        return {"event_type": EVENT_TYPE, "event_payload": {"message": self.message}}

    @property
    def content(self) -> str:
        """Return a digest of the visible content; the card needs an update if it changes."""
        return hashlib.sha256(json.dumps([self.blocks, self.text]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Author:
    """The app as an author of messages: its user id and bot id, "" if Slack gives none."""

    user: str
    bot: str = ""

    def wrote(self, message: dict[str, Any]) -> bool:
        """Return True if this app wrote a message in a channel's history."""
        same_bot = bool(self.bot) and message.get("bot_id") == self.bot
        return same_bot or message.get("user") == self.user


def card_about(message: dict[str, Any], author: Author) -> str | None:
    """Return the message (channel:ts) that a card is about, or None if it is not our card.

    Any app can post metadata of our type, so only messages by `author` count.
    """
    data = message.get("metadata")
    if not isinstance(data, dict) or data.get("event_type") != EVENT_TYPE:
        return None
    if not author.wrote(message):
        return None
    payload = data.get("event_payload")
    about = payload.get("message") if isinstance(payload, dict) else None
    return None if about is None else str(about)
