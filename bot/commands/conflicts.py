"""`/triage conflicts`: the few labels that somebody should look at."""

from collections.abc import Awaitable, Callable, Sequence

from bot.commands.context import Context
from bot.config.cards import masked
from bot.slack.text.render import code, inline
from classifiers.plural import plural
from learning.dataset.conflicts import Doubts, doubts
from storage.examples.examples import StoredExample

HELP = "`/triage conflicts` - the few labels that somebody should look at"

_SHOWN = 5


async def answer(context: Context, _: Sequence[str]) -> str:
    """Conflicts and probable errors, the newest first, each with the way to its message."""
    found = await doubts(
        context.stores.examples,
        context.team,
        context.config.label_set,
        context.bench.embedder,
        _SHOWN,
    )
    return await render(found, context.gateway.permalink)


async def render(found: Doubts, permalink: Callable[[str, str], Awaitable[str]]) -> str:
    """The doubts as a Slack text; `permalink` gives the address of a message."""

    async def place(one: StoredExample) -> str:
        if one.source == "import":
            return "imported"
        channel, _, ts = one.id.partition(":")
        link = await permalink(channel, ts)
        return f"<{link}|message>" if link else code(one.id)

    lines = []
    if found.conflicts:
        lines.append(f"*One text, two labels* ({found.conflicts_in_all:,}, the newest first)")
    for conflict in found.conflicts:
        labels = [
            f"*{inline(one.label)}* ({await place(one)})" for one in conflict.examples[:_SHOWN]
        ]
        lines.append(f"• {inline(masked(conflict.examples[0].text))}\n   {', '.join(labels)}")
    if found.suspects:
        lines.append(
            f"*Probably mislabelled* ({found.suspects_in_all:,} of the newest {found.judged:,})"
        )
    lines += [
        f"• {inline(masked(one.example.text))}\n   *{inline(one.example.label)}* "
        f"({await place(one.example)}), the others say *{inline(one.instead)}*"
        for one in found.suspects
    ]
    if not lines:
        return (
            f"Nothing to look at: no text has two labels, and of the newest "
            f"{plural(found.judged, 'example')} none contradicts the others."
        )
    return "\n".join([*lines, "An agent's emoji on the message sets it right."])
