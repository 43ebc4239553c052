"""`/triage help`: list the verbs."""

import pkgutil
from collections.abc import Sequence
from importlib import import_module

from bot import commands
from bot.commands.context import Context

HELP = "`/triage help` - this list"


async def answer(_: Context, __: Sequence[str]) -> str:
    """Return the HELP line of each verb's module."""
    names = sorted(found.name for found in pkgutil.iter_modules(commands.__path__))
    modules = [import_module(f"{commands.__name__}.{name}") for name in names]
    lines = [f"• {verb.HELP}" for verb in modules if hasattr(verb, "HELP")]
    correcting = "To correct a label, agents add another label's emoji to a message or its card."
    return "\n".join(["*Commands*", *lines, correcting])
