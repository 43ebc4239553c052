"""`/triage cancel JOB`: end a training job here and at the provider."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import code, sentence
from learning.finetune.backend import FinetuneError
from learning.finetune.plan import cancel

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
