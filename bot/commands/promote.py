"""`/triage promote [MODEL] [--force REASON…]`: compare a new model, and use it if it is better."""

import asyncio
from collections.abc import Sequence

from bot.admin.gate import Outcome
from bot.admin.promote import ReasonMissingError, parse_arguments
from bot.commands.context import Context
from bot.slack.errors import GatewayError
from bot.slack.text.render import fenced, sentence
from classifiers.base import ClassifierError
from learning.gate.picture import confusion_png
from learning.gate.report import report, result_line, verdict_lines
from storage.models import ModelError, shown

HELP = (
    "`/triage promote [MODEL]` - compare the newest unused model with the model in use, and use it "
    "if it is better"
)

_SENT = "\nStatistics and a picture are in your direct messages."


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Return the result; a direct message brings statistics and a picture."""
    promotions = context.bench.promotions
    done = await promotions.done_by(context.trigger)
    if done is not None:  # an interrupted run of this command promoted it
        return f"`{done.after}` is in use now: {sentence(done.why)}"
    try:
        wanted = parse_arguments(arguments)
        if wanted.force:
            identity = await promotions.by_force(
                wanted.model, context.user, wanted.reason, context.trigger
            )
            return f"`{identity}` is in use now, without a comparison: {sentence(wanted.reason)}"
        outcome = await promotions.by_gate(wanted.model, context.user, context.trigger)
    except ReasonMissingError:
        return "Give a reason after `--force`: `/triage promote --force new product line`."
    except (ModelError, ClassifierError) as error:
        return f"The model in use did not change: {sentence(str(error))}"
    try:
        return _summary(outcome) + (await _send(context, outcome) or _SENT)
    except GatewayError as error:
        return f"{_summary(outcome)}\nThe report could not be sent: {sentence(str(error))}"


def _summary(outcome: Outcome) -> str:
    state = "is in use now" if outcome.verdict.promote else "is not used"
    lines = [result_line(outcome.comparison.change), *verdict_lines(outcome.verdict)]
    return f"`{outcome.challenger.id}` {state}.\n{fenced(lines)}"


async def _send(context: Context, outcome: Outcome) -> str:
    title = f"new model {outcome.challenger.id} on held-out requests"
    picture = await asyncio.to_thread(confusion_png, outcome.comparison.confusion, title)
    first = f"`{outcome.challenger.id}` against {shown(outcome.champion)}"
    lines = fenced(report(outcome.comparison, outcome.verdict, verbose=True))
    files = {f"gate-{outcome.challenger.id}.png": picture}
    return await context.send_files(files, f"{first}\n{lines}")
