"""`/triage advice`: prompt or fine-tune? From this team's numbers, with the learning curve."""

import asyncio
from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import fenced, sentence
from classifiers.base import ClassifierError
from learning.advice.picture import curve_png
from learning.advice.report import advice_lines
from storage.models import ModelError

HELP = "`/triage advice` - prompt or fine-tune? from your own numbers, with the learning curve"


async def answer(context: Context, _: Sequence[str]) -> str:
    """The recommendation and its numbers; the curve comes as a picture in a direct message."""
    try:
        advice, facts = await context.bench.advising.advise()
    except (ModelError, ClassifierError) as error:
        return f"No advice now: {sentence(str(error))}"
    more = ""
    if facts.curve is not None:
        target = context.config.triage.target_precision
        picture = await asyncio.to_thread(curve_png, facts.curve, target)
        files = {"learning-curve.png": picture}
        more = await context.send_files(files, f"*{sentence(advice.do)}*")
    return fenced(advice_lines(advice, facts)) + more
