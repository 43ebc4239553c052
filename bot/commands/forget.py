"""`/triage forget @user [now]`: all that a person wrote, counted first and then removed."""

import re
from collections.abc import Sequence

from bot.admin.forget_report import found_lines
from bot.commands.context import Context

HELP = "`/triage forget @user` - remove all that a person wrote"

_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>|([UW][A-Z0-9]{2,})")
_HOW = "Say whom: `/triage forget @user`, or the member id from the person's profile (`U…`)."


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Return what there is of a person; with `now` it is being removed."""
    match = _USER.fullmatch(arguments[0]) if arguments else None
    if match is None or arguments[1:] not in ([], ["now"]):
        return _HOW
    user, forgetter = match[1] or match[2], context.forgetter
    found = await forgetter.look(user)
    lines = "\n".join(f"• {line}" for line in found_lines(found))
    if not arguments[1:]:
        return (
            f"*What I remember* of <@{user}>\n{lines}\n"
            f"To remove it, say `/triage forget {user} now`. It cannot be undone."
        )
    await forgetter.forgets.begin(user, context.user, len(found.records), context.trigger)
    return (
        f"*Forgetting* everything that <@{user}> wrote until now. Still to remove:\n{lines}\n"
        "I'll send you a direct message when it is done; `/triage jobs` shows its progress."
    )
