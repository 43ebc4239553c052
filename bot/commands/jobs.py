"""`/triage jobs`: who is being forgotten, and training jobs, the newest first."""

from collections.abc import Sequence

from bot.admin.forget_report import lines
from bot.commands.context import Context
from bot.slack.text.render import sentence
from classifiers.plural import plural
from learning.finetune.report import job_lines
from storage.forget.forgets import Forget

HELP = "`/triage jobs` - how training and forgetting go"

_SHOWN = 5


def _wish(wish: Forget) -> str:
    first, *rest = lines(wish, f"<@{wish.user}>")
    return "\n".join([f"*{first}*", *map(sentence, rest)])


async def answer(context: Context, _: Sequence[str]) -> str:
    """The last few, each with status, cost, and what keeps it."""
    trainer = context.bench.trainer
    jobs = await trainer.jobs.all(context.team)
    wishes = await context.forgetter.forgets.all()
    if not jobs and not wishes:
        return "No training yet: `/triage train` makes a challenger from the examples."
    parts = [_wish(one) for one in wishes[:_SHOWN]]
    for job in jobs[:_SHOWN]:
        told = job_lines(job, trainer.pace, trainer.clock())
        first, *rest = (sentence(line) for line in told)
        parts.append("\n".join([f"*{first}*", *rest]))
    if len(jobs) > _SHOWN:
        parts.append(f"and {plural(len(jobs) - _SHOWN, 'older job')}: `triage jobs` lists all")
    return "\n".join(parts)
