"""`triage jobs`: list training jobs and forget requests."""

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
    watch: Annotated[bool, typer.Option("--watch", help="Advance jobs until they end.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show training jobs with stage, tokens, cost and problems, and forget requests."""
    settings, loaded = load(config)
    asyncio.run(list_jobs(settings, loaded, team, as_json=as_json, watch=watch))


async def list_jobs(
    settings: Settings, config: Config, team: str | None, *, as_json: bool, watch: bool
) -> None:
    """Print forget requests and training jobs; with `watch`, advance the jobs until all end."""
    from bot.admin.forget_report import forget_lines
    from bot.admin.train import trainer_of
    from learning.finetune.report import job_lines, job_rows

    async with open_store(settings, team) as store:
        trainer = trainer_of(settings, config, store)
        found = await trainer.jobs.all(store.team)
        requests = await store.forgets.all()
        if watch:
            await asyncio.gather(*(follow(trainer, job) for job in found if not job.ended))
            found = await trainer.jobs.all(store.team)
        if as_json:
            print_json(job_rows(found))
            return
        for request in requests:
            out.say(*forget_lines(request, request.user), "")
        if not found and not requests:
            out.say("No training jobs yet. `triage train` makes a new model from the examples.")
        for job in [] if watch else found:
            out.say(*job_lines(job, trainer.pace, trainer.clock()), "")
