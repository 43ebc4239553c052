"""`triage cancel`: cancel a training job."""

import asyncio
from typing import Annotated

import typer

from bot.cli.job_progress import follow
from bot.cli.options import WHO, ConfigOption, TeamOption, load
from bot.config.config import Config, Settings
from bot.workspace import open_store

app = typer.Typer()


@app.command()
def cancel(
    job: Annotated[str, typer.Argument(help="Job id or its beginning, as `triage jobs` shows it.")],
    team: TeamOption = None,
    config: ConfigOption = None,
) -> None:
    """Cancel a training job, here and at the provider."""
    settings, loaded = load(config)
    asyncio.run(cancel_job(settings, loaded, team, job))


async def cancel_job(settings: Settings, config: Config, team: str | None, name: str) -> None:
    """Cancel a job here and at the provider, and print its last state."""
    from bot.admin.train import trainer_of
    from learning.finetune.plan import cancel as cancel_one

    async with open_store(settings, team) as store:
        trainer = trainer_of(settings, config, store)
        job = await cancel_one(trainer, store.team, name)
        await store.workspaces.audit(store.team, WHO, "cancel", job=job.id)
        await follow(trainer, await trainer.jobs.get(store.team, job.id) or job)
