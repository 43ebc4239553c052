"""`/triage forget @user [now]`: count everything that a person wrote, then remove it."""

import re
from collections.abc import Sequence

from bot.admin.forget_report import found_lines
from bot.commands.context import Context

HELP = "`/triage forget @user` - remove everything that a person wrote"

_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>|([UW][A-Z0-9]{2,})")
_USAGE = "Write `/triage forget @user`, or use the member id from the person's profile (`U…`)."


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Return what is stored of a person; with `now`, start to remove it."""
    match = _USER.fullmatch(arguments[0]) if arguments else None
    if match is None or arguments[1:] not in ([], ["now"]):
        return _USAGE
    user, forgetter = match[1] or match[2], context.forgetter
    found = await forgetter.look(user)
    lines = "\n".join(f"• {line}" for line in found_lines(found))
    if not arguments[1:]:
        return (
            f"*Stored data* of <@{user}>\n{lines}\n"
            f"To remove all of it, write `/triage forget {user} now`. This can't be undone."
        )
    await forgetter.forgets.begin(user, context.user, len(found.records), context.trigger)
    return (
        f"*Forgetting* everything that <@{user}> wrote until now. Still to remove:\n{lines}\n"
        "I'll send you a direct message when it is done. `/triage jobs` shows the progress."
    )
