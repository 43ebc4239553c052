"""`triage train`: make a challenger from the labelled examples."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.job_progress import follow
from bot.cli.options import WHO, ConfigOption, TeamOption, load_own
from bot.cli.terminal import out
from bot.config.config import Config, ConfigError, Settings
from bot.workspace import open_store
from learning.finetune.backend import RefusedError
from storage.jobs import Stage

if TYPE_CHECKING:  # load slowly
    from learning.finetune.plan import TrainPlan, Word

_ON_ITS_WAY = frozenset({Stage.REQUESTED, Stage.UPLOADED})

app = typer.Typer()


@app.command()
def train(
    backend: Annotated[
        str | None, typer.Argument(help="local, openai, azure or nebius [default: train.backend]")
    ] = None,
    team: TeamOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Send the examples, pay the price.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Though it is advised against.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until the challenger is there.")] = False,
    config: ConfigOption = None,
) -> None:
    """Make a challenger from the labelled examples: here, or at a provider."""
    settings, loaded = load_own(config)
    done = asyncio.run(
        train_model(settings, loaded, backend, team, confirmed=yes, anyway=anyway, wait=wait)
    )
    raise typer.Exit(0 if done else 1)


async def train_model(
    settings: Settings,
    config: Config,
    backend: str | None,
    team: str | None,
    *,
    confirmed: bool,
    anyway: bool,
    wait: bool,
) -> bool:
    """Plan, say what it costs, begin, and follow; False where the job failed."""
    from bot.admin.train import trainer_of
    from learning.dataset.snapshot import take_snapshot
    from learning.finetune.backends import NAMES
    from learning.finetune.plan import Word, begin, plan
    from learning.finetune.report import plan_lines

    said = {word for word, on in ((Word.CONFIRM, confirmed), (Word.ANYWAY, anyway)) if on}
    name = backend or config.train.backend
    if name not in NAMES:
        raise ConfigError(f'BACKEND: "{name}" is none of {", ".join(NAMES)}')
    async with open_store(settings, team) as store:
        trainer = trainer_of(settings, config, store)
        shot = await take_snapshot(store.examples, store.team, config.label_set)
        what = await plan(trainer, store.team, trainer.backends[name], shot, config.train.epochs)
        out.say(*plan_lines(what))
        _stop_unless_said(what, said)
        if not what.known:
            await store.workspaces.audit(store.team, WHO, "train", backend=name, snapshot=shot.id)
        job = await begin(trainer, store.team, what, WHO)
        whole = wait or not trainer.backends[name].hosted
        job = await follow(trainer, job, None if whole else _ON_ITS_WAY)
        if not job.ended:
            out.say("`triage run` or `triage jobs --watch` continues it")
    return job.stage not in (Stage.FAILED, Stage.CANCELLED)


def _stop_unless_said(what: "TrainPlan", said: "Collection[Word]") -> None:
    from learning.finetune.plan import Word, wanting

    if what.refused and not what.known:
        raise RefusedError("nothing was begun: see above what was refused")
    if missing := wanting(what, said):
        flags = {Word.ANYWAY: "--anyway", Word.CONFIRM: "--yes"}
        needed = " ".join(flags[word] for word in missing)
        raise RefusedError(f"nothing was begun yet; to go on, add {needed}")
