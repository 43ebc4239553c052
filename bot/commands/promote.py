"""`/triage promote [MODEL] [--force REASON…]`: a challenger becomes champion by the gate."""

import asyncio
from collections.abc import Sequence

from bot.admin.gate import Outcome
from bot.admin.promote import ReasonMissingError, wish
from bot.commands.context import Context
from bot.slack.errors import GatewayError
from bot.slack.text.render import fenced, sentence
from classifiers.base import ClassifierError
from learning.gate.picture import confusion_png
from learning.gate.report import report, verdict_lines
from storage.models import ModelError, shown

HELP = (
    "`/triage promote [MODEL]` - compare the newest challenger, and use it if it is really better"
)


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """The verdict; the whole report comes as a picture and text in a direct message."""
    promoting = context.bench.promoting
    done = await promoting.done_by(context.trigger)
    if done is not None:  # a run before this one was cut off
        return f"`{done.after}` is the champion now: {sentence(done.why)}"
    try:
        wanted = wish(arguments)
        if wanted.force:
            identity = await promoting.by_force(
                wanted.model, context.user, wanted.reason, context.trigger
            )
            return f"`{identity}` is the champion now, without the gate: {sentence(wanted.reason)}"
        outcome = await promoting.by_gate(wanted.model, context.user, context.trigger)
    except ReasonMissingError:
        return "Say why after `--force`, such as `/triage promote --force new product line`."
    except (ModelError, ClassifierError) as error:
        return f"Nothing was promoted: {sentence(str(error))}"
    try:
        return _said(outcome) + await _send(context, outcome)
    except GatewayError as error:
        return f"{_said(outcome)}\nThe report could not be sent: {sentence(str(error))}"


def _said(outcome: Outcome) -> str:
    now = "is the champion now" if outcome.verdict.promote else "stays a challenger"
    return f"`{outcome.challenger.id}` {now}.\n{fenced(verdict_lines(outcome.verdict))}"


async def _send(context: Context, outcome: Outcome) -> str:
    title = f"challenger {outcome.challenger.id} on held-out messages"
    picture = await asyncio.to_thread(confusion_png, outcome.comparison.confusion, title)
    first = f"`{outcome.challenger.id}` against {shown(outcome.champion)}"
    lines = fenced(report(outcome.comparison, outcome.verdict))
    files = {f"gate-{outcome.challenger.id}.png": picture}
    return await context.send_files(files, f"{first}\n{lines}")
