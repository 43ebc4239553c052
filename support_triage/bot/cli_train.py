"""Verbs of the command line on training: train, jobs, cancel."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from support_triage.bot.cli_options import ConfigOption, JsonOption, TeamOption, load, load_own
from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.terminal import out, print_json
from support_triage.bot.workspace import open_store
from support_triage.learning.finetune.base import RefusedError
from support_triage.storage.jobs import Job, Stage

if TYPE_CHECKING:  # load slowly: a wrong setting is said before
    from support_triage.learning.finetune.starting import Plan, Word
    from support_triage.learning.finetune.trainer import Trainer

_WHO = "command line"
_POLL_S = 0.2
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


@app.command()
def jobs(
    team: TeamOption = None,
    *,
    as_json: JsonOption = False,
    watch: Annotated[bool, typer.Option("--watch", help="Bring them on until they end.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show training jobs: status, tokens, cost, and what keeps them."""
    settings, loaded = load(config)
    asyncio.run(list_jobs(settings, loaded, team, as_json=as_json, watch=watch))


@app.command()
def cancel(
    job: Annotated[str, typer.Argument(help="The job's id, or its beginning.")],
    team: TeamOption = None,
    config: ConfigOption = None,
) -> None:
    """End a training job, here and at the provider."""
    settings, loaded = load(config)
    asyncio.run(cancel_job(settings, loaded, team, job))


async def _follow(trainer: "Trainer", job: Job, until: Collection[Stage] | None) -> Job:
    """Step a job until it ended or left these stages, printing what changes, and at the end all."""
    from support_triage.learning.finetune.telling import job_lines

    shown: list[str] = []
    while True:
        lines = job_lines(job, trainer.pace, trainer.clock())
        if job.ended or (until is not None and job.stage not in until):
            out.say(*lines)
            return job
        if (news := [one for one in (lines[0], job.problem) if one]) != shown:
            out.say(*news)
            shown = news
        await trainer.advance(job)
        await asyncio.sleep(_POLL_S)
        job = await trainer.jobs.get(job.team, job.id) or job


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
    from support_triage.bot.training import trainer_of
    from support_triage.learning.dataset import take_snapshot
    from support_triage.learning.finetune.backends import NAMES
    from support_triage.learning.finetune.starting import Word, begin, plan
    from support_triage.learning.finetune.telling import plan_lines

    said = {word for word, on in ((Word.CONFIRM, confirmed), (Word.ANYWAY, anyway)) if on}
    name = backend or config.train.backend
    if name not in NAMES:
        raise ConfigError(f'BACKEND: "{name}" is none of {", ".join(NAMES)}')
    async with open_store(settings, team) as store:
        trainer = trainer_of(settings, config, store.redis)
        shot = await take_snapshot(store.examples, store.team, config.label_set)
        what = await plan(trainer, store.team, trainer.backends[name], shot, config.train.epochs)
        out.say(*plan_lines(what))
        _stop_unless_said(what, said)
        if not what.known:
            await store.workspaces.audit(store.team, _WHO, "train", backend=name, snapshot=shot.id)
        job = await begin(trainer, store.team, what, _WHO)
        whole = wait or not trainer.backends[name].hosted
        job = await _follow(trainer, job, None if whole else _ON_ITS_WAY)
        if not job.ended:
            out.say("`triage run` or `triage jobs --watch` continues it")
    return job.stage not in (Stage.FAILED, Stage.CANCELLED)


def _stop_unless_said(what: "Plan", said: "Collection[Word]") -> None:
    from support_triage.learning.finetune.starting import Word, wanting

    if what.refused and not what.known:
        raise RefusedError("nothing was begun: see above what was refused")
    if missing := wanting(what, said):
        flags = {Word.ANYWAY: "--anyway", Word.CONFIRM: "--yes"}
        needed = " ".join(flags[word] for word in missing)
        raise RefusedError(f"nothing was begun yet; to go on, add {needed}")


async def list_jobs(
    settings: Settings, config: Config, team: str | None, *, as_json: bool, watch: bool
) -> None:
    """List the jobs; with `watch` bring them on until all have ended."""
    from support_triage.bot.forget_lines import lines
    from support_triage.bot.training import trainer_of
    from support_triage.learning.finetune.telling import job_lines, job_rows
    from support_triage.storage.forgets import Forgets

    async with open_store(settings, team) as store:
        trainer = trainer_of(settings, config, store.redis)
        found = await trainer.jobs.all(store.team)
        wishes = await Forgets(store.redis, store.team).all()
        if watch:
            live = [one for one in found if not one.ended]
            await asyncio.gather(*(_follow(trainer, one, None) for one in live))
            found = await trainer.jobs.all(store.team)
        if as_json:
            print_json(job_rows(found))
            return
        for wish in wishes:
            out.say(*lines(wish, wish.user), "")
        if not found and not wishes:
            out.say("No training yet: `triage train` makes a challenger from the examples.")
        for job in [] if watch else found:
            out.say(*job_lines(job, trainer.pace, trainer.clock()), "")


async def cancel_job(settings: Settings, config: Config, team: str | None, name: str) -> None:
    """End a job here and at the provider."""
    from support_triage.bot.training import trainer_of
    from support_triage.learning.finetune.starting import cancel as cancel_one

    async with open_store(settings, team) as store:
        trainer = trainer_of(settings, config, store.redis)
        job = await cancel_one(trainer, store.team, name)
        await store.workspaces.audit(store.team, _WHO, "cancel", job=job.id)
        await _follow(trainer, await trainer.jobs.get(store.team, job.id) or job, None)
