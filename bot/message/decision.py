"""Decide what people see of a message."""

from dataclasses import dataclass

from bot.config.config import Config, Mode
from bot.message.corrections import Standing
from classifiers.base import Prediction


@dataclass(frozen=True, slots=True)
class Decision:
    """The visible answer: an emoji, and a card in a channel, by its name in triage.toml.

    `quote` is the text of the most similar example, or "" to leave it out.
    """

    emoji: str | None = None
    channel: str | None = None
    label: str | None = None
    mention: str | None = None
    quote: str = ""


def decide(
    config: Config,
    mode: Mode,
    prediction: Prediction | None,
    standing: Standing | None,
    *,
    deleted: bool,
) -> Decision:
    """Return the visible answer to a message; an agent's label overrides the prediction.

    Without a known label, the answer is "needs a human".
    """
    if deleted or mode is Mode.MONITOR:
        return Decision()
    name = standing.label if standing else prediction.label if prediction else None
    known = next((label for label in config.labels if label.name == name), None)
    if known is None:
        emoji, channel, mention = (
            config.triage.needs_human_emoji,
            config.triage.needs_human_channel,
            None,
        )
    else:
        emoji, channel, mention = known.emoji, known.channel, known.mention
    if mode is Mode.SUGGEST:
        channel = None
    return Decision(emoji, channel, None if known is None else known.name, mention)
