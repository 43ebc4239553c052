"""`/triage forget @user [now]`: all that a person wrote, counted first and then removed."""

import re
from collections.abc import Sequence

from support_triage.bot.commands.context import Context
from support_triage.bot.forgetting import forget

_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>|([UW][A-Z0-9]{2,})")
_HOW = "Say whom: `/triage forget @user`, or the member id from the person's profile (`U…`)."


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """What there is of a person, or with `now` what was removed."""
    match = _USER.fullmatch(arguments[0]) if arguments else None
    if match is None or arguments[1:] not in ([], ["now"]):
        return _HOW
    user, apply = match[1] or match[2], arguments[1:] == ["now"]
    desk = context.desk
    done = await forget(desk.forgetting, desk.gateway.delete, desk.team, user, apply=apply)
    lines = "\n".join(f"• {line}" for line in done.lines)
    if apply:
        return f"*Forgotten* all that <@{user}> wrote\n{lines}"
    return (
        f"*What I remember* of <@{user}>\n{lines}\n"
        f"Nothing was removed: `/triage forget {user} now` does it, and it cannot be undone."
    )
