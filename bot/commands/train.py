"""`/triage train`: make a new model from the current examples."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import code, sentence
from learning.dataset.snapshot import take_snapshot
from learning.finetune.backends import NAMES
from learning.finetune.plan import Confirmation, begin, missing_confirmations, plan, started_by
from learning.finetune.report import job_lines, plan_lines
from storage.jobs import Job

HELP = (
    "`/triage train [local|openai|azure|nebius]` - make a new model from the examples; I name the "
    "price first"
)


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """Return the price and reasons against training; start the job once both are confirmed."""
    trainer, config = context.bench.trainer, context.config
    begun = await started_by(trainer, context.team, context.trigger)
    if begun is not None:  # an interrupted run of this command started it
        return _started(begun)
    words = [argument.lower() for argument in arguments]
    given = {Confirmation(word) for word in words if word in list(Confirmation)}
    names = [word for word in words if word not in list(Confirmation)]
    if len(names) > 1 or not set(names) <= set(NAMES):
        return f"Write `/triage train {'|'.join(NAMES)}`, not {code(' '.join(names), 60)}"
    backend = trainer.backends[names[0] if names else config.train.backend]
    snapshot = await take_snapshot(context.stores.examples, context.team, config.label_set)
    ahead = await plan(trainer, context.team, backend, snapshot, config.train.epochs)
    lines = [sentence(line) for line in plan_lines(ahead)]
    if ahead.known:
        assert ahead.existing is not None
        lines += ["This job exists already:"]
        known = job_lines(ahead.existing, trainer.pace, trainer.clock())
        lines += [sentence(line) for line in known]
    elif ahead.refused:
        lines += ["No job was started."]
    elif missing := missing_confirmations(ahead, given):
        more = " ".join([*sorted(given), *missing])
        lines += [f"No job was started yet. To start it: `/triage train {backend.name} {more}`"]
    else:
        job = await begin(trainer, context.team, ahead, context.user, context.trigger)
        lines += [_started(job)]
    return "\n".join(lines)


def _started(job: Job) -> str:
    return f"Started job `{job.id}`. I'll report its progress in a direct message."
