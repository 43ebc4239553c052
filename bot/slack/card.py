"""A card as data, and the metadata by which the bot finds its own cards in Slack."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

EVENT_TYPE = "support_triage_card"
"""The metadata type by which a card is found again."""


@dataclass(frozen=True, slots=True)
class Card:
    """What to post, and where: Slack's `blocks`, `text` and `metadata`.

    `bare` is the same card without a stranger's words, for when Slack refuses these.
    """

    channel: str
    blocks: tuple[dict[str, Any], ...]
    text: str
    message: str
    bare: "Card | None" = None

    @property
    def metadata(self) -> dict[str, Any]:
        """Travels with the card and names the message it is about."""
        return {"event_type": EVENT_TYPE, "event_payload": {"message": self.message}}

    @property
    def content(self) -> str:
        """A digest of what the card shows: an update is due when it changes."""
        return hashlib.sha256(json.dumps([self.blocks, self.text]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Author:
    """The app as the author of messages: its user and its bot id, "" where Slack names none."""

    user: str
    bot: str = ""

    def wrote(self, message: dict[str, Any]) -> bool:
        """Return whether a message of a history is by this app, whatever it says of itself."""
        same_bot = bool(self.bot) and message.get("bot_id") == self.bot
        return same_bot or message.get("user") == self.user


def card_about(message: dict[str, Any], author: Author) -> str | None:
    """The message (channel:ts) that a message in Slack is our card of, None if it is none.

    Anybody's app can post metadata of our type, so only the app's own messages count.
    """
    data = message.get("metadata")
    if not isinstance(data, dict) or data.get("event_type") != EVENT_TYPE:
        return None
    if not author.wrote(message):
        return None
    payload = data.get("event_payload")
    about = payload.get("message") if isinstance(payload, dict) else None
    return None if about is None else str(about)
