"""`triage backfill`: catch up on messages that arrived while no bot was running."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.options import WHO, ConfigOption, load_own
from bot.cli.terminal import out
from bot.config.config import Config, Settings
from classifiers.plural import plural

app = typer.Typer()


@app.command()
def backfill(
    since: Annotated[
        str | None,
        typer.Option(help="A day, or 30d for 30 days ago (default: an hour before the last known)"),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Find missed messages in Slack's history and queue them for an answer."""
    settings, loaded = load_own(config)
    asyncio.run(queue_missing(settings, loaded, since))


async def queue_missing(settings: Settings, config: Config, since: str | None) -> None:
    """Put missed events in the inbox, where workers answer them, and print their number."""
    from bot.app.services import backfill_of, open_services
    from learning.export.export import since_when

    start = None if since is None else since_when(since, datetime.now(UTC))
    async with open_services(settings, config) as services:
        found = await backfill_of(services, config).run(start)
        await services.stores.workspaces.audit(services.team, WHO, "backfill", found=str(found))
    out.say(f"Found: {plural(found, 'missed event')}")
