"""`triage train`: make a new model from the labelled examples."""

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

if TYPE_CHECKING:  # slow to load
    from learning.finetune.plan import Confirmation, TrainPlan

_BEFORE_TRAINING = frozenset({Stage.REQUESTED, Stage.UPLOADED})

app = typer.Typer()


@app.command()
def train(
    backend: Annotated[
        str | None,
        typer.Argument(help="local, openai, azure or nebius (default: train.backend)."),
    ] = None,
    team: TeamOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to send the examples and pay.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Train despite advice against it.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the new model is ready.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Make a new model from the labelled examples: here, or at a provider."""
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
    """Print the plan and its price, start the job and follow it; return False if it failed."""
    from bot.admin.train import trainer_of
    from learning.dataset.snapshot import take_snapshot
    from learning.finetune.backends import NAMES
    from learning.finetune.plan import Confirmation, begin, plan
    from learning.finetune.report import plan_lines

    given = {
        word
        for word, on in ((Confirmation.CONFIRM, confirmed), (Confirmation.ANYWAY, anyway))
        if on
    }
    name = backend or config.train.backend
    if name not in NAMES:
        raise ConfigError(f'BACKEND: "{name}" is unknown. Use one of {", ".join(NAMES)}.')
    async with open_store(settings, team) as store:
        trainer = trainer_of(settings, config, store)
        shot = await take_snapshot(store.examples, store.team, config.label_set)
        ahead = await plan(trainer, store.team, trainer.backends[name], shot, config.train.epochs)
        out.say(*plan_lines(ahead))
        _require_flags(ahead, given)
        if not ahead.known:
            await store.workspaces.audit(store.team, WHO, "train", backend=name, snapshot=shot.id)
        job = await begin(trainer, store.team, ahead, WHO)
        to_the_end = wait or not trainer.backends[name].hosted
        job = await follow(trainer, job, None if to_the_end else _BEFORE_TRAINING)
        if not job.ended:
            out.say("`triage run` or `triage jobs --watch` advances it from here")
    return job.stage not in (Stage.FAILED, Stage.CANCELLED)


def _require_flags(ahead: "TrainPlan", given: "Collection[Confirmation]") -> None:
    from learning.finetune.plan import Confirmation, missing_confirmations

    if ahead.refused and not ahead.known:
        raise RefusedError("no job was started: the lines above say what was refused")
    if missing := missing_confirmations(ahead, given):
        flags = {Confirmation.ANYWAY: "--anyway", Confirmation.CONFIRM: "--yes"}
        needed = " ".join(flags[word] for word in missing)
        raise RefusedError(f"no job was started yet. To start it, add {needed}.")
