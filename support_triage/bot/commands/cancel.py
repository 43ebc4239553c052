"""`/triage cancel JOB`: end a training job here and at the provider."""

from collections.abc import Sequence

from support_triage.bot.commands.context import Context
from support_triage.bot.slack_text import code, sentence
from support_triage.learning.finetune.base import FinetuneError
from support_triage.learning.finetune.starting import cancel

HELP = "`/triage cancel JOB` - end a training job"


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Ask for the end; the job's message says when it has come."""
    if len(arguments) != 1:
        return "Write `/triage cancel JOB`; `/triage jobs` names them."
    try:
        job = await cancel(context.bench.trainer, context.team, arguments[0])
    except FinetuneError as error:
        return sentence(str(error))
    return f"Job {code(job.id)} is being cancelled."
