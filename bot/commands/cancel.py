"""`/triage cancel JOB`: cancel a training job here and at the provider."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import code, sentence
from learning.finetune.backend import FinetuneError
from learning.finetune.plan import cancel

HELP = "`/triage cancel JOB` - cancel a training job"


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Request the cancellation; the job's message reports when it is done."""
    if len(arguments) != 1:
        return "Write `/triage cancel JOB`. `/triage jobs` lists the jobs."
    try:
        job = await cancel(context.bench.trainer, context.team, arguments[0])
    except FinetuneError as error:
        return sentence(str(error))
    return f"Job {code(job.id)} is being cancelled."
