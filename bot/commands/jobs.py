"""`/triage jobs`: forget requests and training jobs, newest first."""

from collections.abc import Sequence

from bot.admin.forget_report import forget_lines
from bot.commands.context import Context
from bot.slack.text.render import sentence
from classifiers.plural import plural
from learning.finetune.report import job_lines
from storage.forget.forgets import Forget

HELP = "`/triage jobs` - progress of training jobs and forget requests"

_SHOWN = 5


def _forget(request: Forget) -> str:
    first, *rest = forget_lines(request, f"<@{request.user}>")
    return "\n".join([f"*{first}*", *map(sentence, rest)])


async def answer(context: Context, _: Sequence[str]) -> str:
    """Return the last five of each, with stage, cost and problems."""
    trainer = context.bench.trainer
    jobs = await trainer.jobs.all(context.team)
    requests = await context.forgetter.forgets.all()
    if not jobs and not requests:
        return "No training jobs yet. `/triage train` makes a new model from the examples."
    parts = [_forget(request) for request in requests[:_SHOWN]]
    for job in jobs[:_SHOWN]:
        lines = job_lines(job, trainer.pace, trainer.clock())
        first, *rest = (sentence(line) for line in lines)
        parts.append("\n".join([f"*{first}*", *rest]))
    if len(jobs) > _SHOWN:
        parts.append(f"and {plural(len(jobs) - _SHOWN, 'older job')}; `triage jobs` lists all")
    return "\n".join(parts)
