"""What people should see of a message; pure."""

from dataclasses import dataclass

from bot.config.config import Config, Mode
from bot.message.corrections import Standing
from classifiers.base import Prediction


@dataclass(frozen=True, slots=True)
class Decision:
    """What people shall see: an emoji, and a card in a channel as triage.toml names it.

    `quote` are the words of the most similar example, "" where it is to be left out.
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
    """The visible answer to a message. An agent's label outranks a prediction; unsure is shown."""
    if deleted or mode is Mode.MONITOR:
        return Decision()
    name = standing.label if standing else prediction.label if prediction else None
    known = next((one for one in config.labels if one.name == name), None)
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
