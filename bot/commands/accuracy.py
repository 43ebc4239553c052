"""`/triage accuracy`: the bot's labels against what agents said."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import inline
from classifiers.plural import plural
from learning.feedback.accuracy import Accuracy, measure

HELP = "`/triage accuracy` - how often agents agreed with me"


def render(found: Accuracy) -> str:
    """The figures as a Slack text."""
    if found.judged == 0:
        return "No agent has judged a label yet: a correction or confirmation is where I start."
    lines = [
        f"*Accuracy* on {plural(found.judged, 'message')} that agents judged",
        f"• right when I gave a label: {found.right:,} of {found.answered:,}"
        + ("" if found.precision is None else f" ({found.precision:.0%})"),
        f"• left to a human: {found.judged - found.answered:,}",
    ]
    lines += [
        f"• {inline(name)}: {right:,} of {total:,} found" for name, right, total in found.per_label
    ]
    lines.append("Agents judge what looks wrong first, so the rest is likely better than this.")
    return "\n".join(lines)


async def answer(context: Context, _: Sequence[str]) -> str:
    """How often agents agreed, in all and per label."""
    return render(await measure(context.stores.examples.iterate(context.team)))
