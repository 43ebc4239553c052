"""`/triage export`: the labelled examples as a file in a direct message."""

from collections.abc import Sequence

from support_triage.bot.commands.context import Context
from support_triage.bot.markup import escape
from support_triage.learning.export import FORMATS, render


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Send the file; the answer is its summary."""
    desk = context.desk
    kind = arguments[0].lower() if arguments else "openai"
    if kind not in FORMATS:
        formats = ", ".join(FORMATS)
        return f"`{escape(kind[:40])}` is not a format of mine: {formats}"
    examples = [one async for one in desk.examples.iterate(desk.team)]
    if not examples:
        return "There is nothing to export yet: agents' corrections become examples."
    exported = render(examples, kind, desk.config.label_set)
    await desk.gateway.send_file(context.user, exported.name, exported.content, exported.summary)
    return exported.summary
