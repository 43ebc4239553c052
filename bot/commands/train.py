"""`/triage train`: a challenger, from the examples that stand now."""

from collections.abc import Sequence

from bot.commands.context import Context
from bot.slack.text.render import code, sentence
from learning.dataset.snapshot import take_snapshot
from learning.finetune.backends import NAMES
from learning.finetune.plan import Word, begin, begun_by, plan, wanting
from learning.finetune.report import job_lines, plan_lines
from storage.jobs import Job

HELP = (
    "`/triage train [local|openai|azure|nebius]` - a challenger from the examples; costs come first"
)


async def answer(context: Context, arguments: Sequence[str]) -> str:
    """What it would cost and what speaks against it; begins the job once that is confirmed."""
    trainer, config = context.bench.trainer, context.config
    begun = await begun_by(trainer, context.team, context.trigger)
    if begun is not None:  # a run before this one was cut off
        return _begun(begun)
    words = [one.lower() for one in arguments]
    said = {Word(one) for one in words if one in list(Word)}
    names = [one for one in words if one not in list(Word)]
    if len(names) > 1 or not set(names) <= set(NAMES):
        return f"Write `/triage train {'|'.join(NAMES)}`, not {code(' '.join(names), 60)}"
    backend = trainer.backends[names[0] if names else config.train.backend]
    snapshot = await take_snapshot(context.stores.examples, context.team, config.label_set)
    what = await plan(trainer, context.team, backend, snapshot, config.train.epochs)
    lines = [sentence(line) for line in plan_lines(what)]
    if what.known:
        assert what.standing is not None
        now = trainer.clock()
        lines += ["This job is there already:"]
        known = job_lines(what.standing, trainer.pace, now)
        lines += [sentence(line) for line in known]
    elif what.refused:
        lines += ["Nothing was begun."]
    elif missing := wanting(what, said):
        more = " ".join([*sorted(said), *missing])
        lines += [f"Nothing was begun yet. To go on: `/triage train {backend.name} {more}`"]
    else:
        job = await begin(trainer, context.team, what, context.user, context.trigger)
        lines += [_begun(job)]
    return "\n".join(lines)


def _begun(job: Job) -> str:
    return f"Started job `{job.id}`. I'll report its progress in a direct message."
