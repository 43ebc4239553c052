"""`/triage conflicts`: labels to review."""

from collections.abc import Awaitable, Callable, Sequence

from bot.commands.context import Context
from bot.config.cards import masked
from bot.slack.text.render import code, inline
from classifiers.plural import plural
from learning.dataset.conflicts import Doubts, doubts
from storage.examples.examples import StoredExample

HELP = "`/triage conflicts` - labels to review: contradictions and probable errors"

_SHOWN = 5


async def answer(context: Context, _: Sequence[str]) -> str:
    """Return conflicts and probable errors, newest first, with links to their messages."""
    found = await doubts(
        context.stores.examples,
        context.team,
        context.config.label_set,
        context.bench.embedder,
        _SHOWN,
    )
    return await render(found, context.gateway.permalink)


async def render(found: Doubts, permalink: Callable[[str, str], Awaitable[str]]) -> str:
    """Return the doubts as a Slack text; `permalink` returns the address of a message."""

    async def place(example: StoredExample) -> str:
        if example.source == "import":
            return "imported"
        channel, _, ts = example.id.partition(":")
        link = await permalink(channel, ts)
        return f"<{link}|message>" if link else code(example.id)

    lines = []
    if found.conflicts:
        lines.append(f"*Same text, different labels* ({found.conflicts_in_all:,}, newest first)")
    for conflict in found.conflicts:
        labels = [
            f"*{inline(example.label)}* ({await place(example)})"
            for example in conflict.examples[:_SHOWN]
        ]
        lines.append(f"• {inline(masked(conflict.examples[0].text))}\n   {', '.join(labels)}")
    if found.suspects:
        lines.append(
            f"*Probably a wrong label* ({found.suspects_in_all:,} of the newest {found.judged:,})"
        )
    lines += [
        f"• {inline(masked(suspect.example.text))}\n   *{inline(suspect.example.label)}* "
        f"({await place(suspect.example)}), similar examples say *{inline(suspect.instead)}*"
        for suspect in found.suspects
    ]
    if not lines:
        return (
            "Nothing to review: no text has two labels, and none of the newest "
            f"{plural(found.judged, 'example')} contradicts the others."
        )
    return "\n".join([*lines, "To correct a label, an agent adds another emoji to the message."])
