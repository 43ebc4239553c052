"""`/triage advice`: prompting or fine-tuning, from this team's numbers and learning curve."""

import asyncio
from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import fenced, sentence
from classifiers.base import ClassifierError
from learning.advice.picture import curve_png
from learning.advice.report import advice_lines
from storage.models import ModelError

HELP = "`/triage advice` - prompt or fine-tune an LLM, or neither: advice from your own numbers"


async def answer(context: Context, _: Sequence[str]) -> str:
    """Return the recommendation and its numbers; send the curve in a direct message."""
    try:
        advice, facts = await context.bench.adviser.advise()
    except (ModelError, ClassifierError) as error:
        return f"I can't advise now: {sentence(str(error))}"
    more = ""
    if facts.curve is not None:
        target = context.config.triage.target_precision
        picture = await asyncio.to_thread(curve_png, facts.curve, target)
        files = {"learning-curve.png": picture}
        more = await context.send_files(files, f"*{sentence(advice.do)}*")
    return fenced(advice_lines(advice, facts)) + more
