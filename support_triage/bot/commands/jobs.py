"""`/triage jobs`: training jobs, the newest first."""

from collections.abc import Sequence

from support_triage.bot.commands.context import Context
from support_triage.bot.slack_text import sentence
from support_triage.learning.finetune.telling import job_lines

_SHOWN = 5


async def answer(context: Context, _: Sequence[str]) -> str:
    """The last few, each with status, cost, and what keeps it."""
    trainer = context.desk.trainer
    jobs = await trainer.jobs.all(context.desk.team)
    if not jobs:
        return "No training yet: `/triage train` makes a challenger from the examples."
    parts = []
    for job in jobs[:_SHOWN]:
        lines = job_lines(job, trainer.pace, trainer.clock())
        first, *rest = (sentence(line) for line in lines)
        parts.append("\n".join([f"*{first}*", *rest]))
    if len(jobs) > _SHOWN:
        parts.append(f"and {len(jobs) - _SHOWN} older ones: `triage jobs` lists all")
    return "\n".join(parts)
