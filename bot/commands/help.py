"""`/triage help`: the verbs, one a line."""

import pkgutil
from collections.abc import Sequence
from importlib import import_module

from bot import commands
from bot.commands.context import Context

HELP = "`/triage help` - this text"


async def answer(_: Context, __: Sequence[str]) -> str:
    """Return the line HELP of each verb's module."""
    names = sorted(one.name for one in pkgutil.iter_modules(commands.__path__))
    modules = [import_module(f"{commands.__name__}.{name}") for name in names]
    lines = [f"• {one.HELP}" for one in modules if hasattr(one, "HELP")]
    correcting = "Agents correct me with another label's emoji on a message or its card."
    return "\n".join(["*What I answer to*", *lines, correcting])
