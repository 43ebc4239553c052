"""`/triage accuracy`: how often agents agreed with the bot."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import inline
from classifiers.plural import plural
from learning.feedback.accuracy import Accuracy, measure

HELP = "`/triage accuracy` - how often agents agreed with me"


def render(found: Accuracy) -> str:
    """Return the figures as a Slack text."""
    if found.judged == 0:
        return "No agent has judged a label yet. I count their corrections and confirmations."
    lines = [
        f"*Accuracy* on {plural(found.judged, 'request')} that agents judged",
        f"• right when I gave a label: {found.right:,} of {found.answered:,}"
        + ("" if found.precision is None else f" ({found.precision:.0%})"),
        f"• unsure, left to a human: {found.judged - found.answered:,}",
    ]
    lines += [
        f"• {inline(name)}: found {right:,} of {total:,}" for name, right, total in found.per_label
    ]
    lines.append("Agents judge wrong-looking labels first, so the others are likely better.")
    return "\n".join(lines)


async def answer(context: Context, _: Sequence[str]) -> str:
    """Return how often agents agreed, overall and for each label."""
    return render(await measure(context.stores.examples.iterate(context.team)))
