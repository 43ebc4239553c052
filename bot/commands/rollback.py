"""`/triage rollback [REASON…]`: back to the champion before this one, in one step."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import sentence
from storage.models import ModelError, shown

HELP = "`/triage rollback` - back to the model before this one"


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Which one answers now."""
    try:
        promoting = context.bench.promoting
        now = await promoting.back(context.user, " ".join(arguments), context.trigger)
    except ModelError as error:
        return f"Nothing was changed: {sentence(str(error))}"
    return f"Back to {shown(now)}; every process follows within two seconds."
