"""`/triage labels`: the labels and the number of their examples."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import inline, sentence
from classifiers.plural import plural

HELP = "`/triage labels` - the labels with emoji, channel and examples"


async def answer(context: Context, _: Sequence[str]) -> str:
    """Return one line for each label: emoji, name, channel, examples and description."""
    counts = await context.stores.examples.counts(context.team)
    lines = [f"*Labels* (set `{context.config.label_set.version}`)"]
    for label in context.config.labels:
        route = f" → {inline(label.channel)}" if label.channel else ""
        number = counts.pop(label.name, 0)
        lines.append(
            f":{label.emoji}: *{inline(label.name)}*{route} · {plural(number, 'example')} · "
            f"{sentence(label.description)}"
        )
    for name, number in counts.items():
        lines.append(
            f":warning: *{inline(name)}* is not in triage.toml, but "
            f"{plural(number, 'example')} still {'has' if number == 1 else 'have'} it"
        )
    return "\n".join(lines)
