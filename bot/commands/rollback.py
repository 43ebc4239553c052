"""`/triage rollback [REASON…]`: go back to the model that was in use before, in one step."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import sentence
from storage.models import ModelError, shown

HELP = "`/triage rollback [REASON]` - go back to the model that was in use before"


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Go back, and return which model is in use now."""
    try:
        promotions = context.bench.promotions
        now = await promotions.back(context.user, " ".join(arguments), context.trigger)
    except ModelError as error:
        return f"The model in use did not change: {sentence(str(error))}"
    return f"Back to {shown(now)}. Every bot process uses it within two seconds."
