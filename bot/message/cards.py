"""Render the card of a message as Block Kit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.config.config import Config
from bot.message.corrections import Standing
from bot.slack.card import Card
from bot.slack.text.render import SECTION, escaped, inline, mrkdwn
from classifiers.base import Abstention, Prediction
from storage.messages import Message

_WHY_MAX = 80
_FILES_MAX = 300  # of the names of a message's files
_NOTICE_MAX = 150  # of the text in a notification
_OFFERED_MAX = 8  # labels on a card; nobody reads more
_GUESSES_MAX = 3


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [mrkdwn(text)]}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


def _why(
    config: Config, prediction: Prediction | None, standing: Standing | None, quote: str
) -> str:
    if standing is not None:
        return f"{standing.source.capitalize()} by <@{standing.by}>"
    if prediction is None:
        return ""
    if prediction.reason is Abstention.EMPTY:
        return "no words to read"
    sure = "unsure" if prediction.label is None else f"{prediction.confidence:.0%} sure"
    near = prediction.neighbours[0] if prediction.neighbours else None
    words = quote or (near.text if near else "")
    if near is None or not words:
        return sure
    like = inline(config.cards.shown(words), _WHY_MAX)
    return f"{sure} · most like “{like}” ({inline(near.label)})"


def _title(config: Config, label: str | None) -> str:
    if label is None:
        return f":{config.triage.needs_human_emoji}: *Needs a human*"
    return f":{config.label(label).emoji}: *{inline(label)}*"


def _mention(group: str | None) -> str:
    """Return a mention of a group or user by id; show a handle without an id as text."""
    if group is None:
        return ""
    if group.startswith("@"):
        return f"  {inline(group)}"
    return f"  <!subteam^{group}>" if group.startswith("S") else f"  <@{group}>"


def _quote(text: str, link: str) -> dict[str, Any]:
    section = _section(text)
    if link:
        section["accessory"] = {
            "type": "button",
            "action_id": "open_message",
            "text": {"type": "plain_text", "text": "Open message"},
            "url": link,
        }
    return section


def _attached(config: Config, files: Sequence[str]) -> dict[str, Any]:
    return _context(f":paperclip: {inline(config.cards.shown(', '.join(files)), _FILES_MAX)}")


def _hint(config: Config, label: str | None, prediction: Prediction | None) -> str:
    """Return the meaning of each emoji on the card; an unsure card has nothing to confirm."""
    alternatives = () if prediction is None else prediction.alternatives
    shares = {other.label: other.confidence for other in alternatives}
    labels = sorted(config.labels, key=lambda each: -shares.get(each.name, 0.0))  # stable
    emoji = {each.name: f":{each.emoji}: {inline(each.name)}" for each in labels}
    if label is not None:
        others = [shown for name, shown in emoji.items() if name != label]
        confirms = f":{config.triage.confirm_emoji}: confirms"
        return " · ".join([confirms, *_offer("corrects to", others)])
    likely = [name for name in emoji if name in shares][:_GUESSES_MAX]
    guesses = [f"{emoji[name]} {shares[name]:.0%}" for name in likely]
    others = [shown for name, shown in emoji.items() if name not in likely]
    return " · ".join([*_offer("Best guesses:", guesses), *_offer("Label it:", others)])


def _offer(heading: str, emoji: list[str]) -> list[str]:
    """Return a part of the hint, or an empty list if there are no emoji."""
    more = " …" if len(emoji) > _OFFERED_MAX else ""
    return [f"{heading} {'  '.join(emoji[:_OFFERED_MAX])}{more}"] if emoji else []


@dataclass(frozen=True, slots=True)
class Place:
    """The destination of a card: channel id, author's name, group to mention, message URL.

    `group` is an id, or a handle such as `@billing` if its id is unknown.
    """

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
    quote: str = "",
) -> Card:
    """Return the card of a message: label, text, author, confidence, reason, link and mention."""
    text, author = config.cards.shown(message.text), config.cards.shown(place.author)
    title = _section(_title(config, label) + _mention(place.group))
    who = _context(f"{inline(author)} · {_why(config, prediction, standing, quote)}")
    hint = _context(_hint(config, label, prediction))
    quoted = _quote(escaped(text, SECTION) or "_(no text)_", place.link)
    refused = _quote("_(Slack refuses to show this text here)_", place.link)
    attached = [_attached(config, message.files)] if message.files else []
    name = inline(label or "Needs a human")
    notice, about = f"{name}: {inline(text, _NOTICE_MAX)}", str(message.id)
    bare = Card(place.channel, (title, refused, hint), name, about)
    return Card(place.channel, (title, quoted, *attached, who, hint), notice, about, bare)
