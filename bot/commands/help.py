"""`/triage help`: list the verbs."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.commands.verbs import verb_modules

HELP = "`/triage help` - this list"


async def answer(_: Context, __: Sequence[str]) -> str:
    """Return the HELP line of each verb's module."""
    lines = [f"• {module.HELP}" for module in verb_modules().values()]
    correcting = "To correct a label, agents add another label's emoji to a message or its card."
    return "\n".join(["*Commands*", *lines, correcting])
