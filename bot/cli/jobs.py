"""`triage jobs`: list training jobs."""

import asyncio
from typing import Annotated

import typer

from bot.cli.job_progress import follow
from bot.cli.options import ConfigOption, JsonOption, TeamOption, load
from bot.cli.terminal import out, print_json
from bot.config.config import Config, Settings
from bot.workspace import open_store

app = typer.Typer()


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


async def list_jobs(
    settings: Settings, config: Config, team: str | None, *, as_json: bool, watch: bool
) -> None:
    """List the jobs; with `watch` advance them until all have ended."""
    from bot.admin.forget_report import lines
    from bot.admin.train import trainer_of
    from learning.finetune.report import job_lines, job_rows
    from storage.forget.forgets import Forgets

    async with open_store(settings, team) as store:
        trainer = trainer_of(settings, config, store)
        found = await trainer.jobs.all(store.team)
        wishes = await Forgets(store.redis, store.team).all()
        if watch:
            live = [one for one in found if not one.ended]
            await asyncio.gather(*(follow(trainer, one) for one in live))
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
