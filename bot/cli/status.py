"""`triage status`: show how the bot fares."""

import asyncio
from typing import Annotated

import typer

from bot.cli.options import ConfigOption, TeamOption, load
from bot.cli.terminal import print_figures
from bot.config.config import Config, Settings
from bot.workspace import open_store

app = typer.Typer()


@app.command()
def status(
    team: TeamOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    config: ConfigOption = None,
) -> None:
    """Show how the bot fares: messages, examples, backlog, problems."""
    settings, loaded = load(config)
    asyncio.run(show_status(settings, loaded, team, as_json=as_json))


async def show_status(
    settings: Settings, config: Config, team: str | None, *, as_json: bool
) -> None:
    """Print messages, examples, backlog and problems of a workspace."""
    from bot.admin.status import llm_status
    from bot.slack.people import group_problems
    from learning.migration import stray_labels
    from storage.workspace.members import Members

    async with open_store(settings, team) as store:
        tally = await store.workspaces.tally(store.team)
        counts = await store.examples.counts(store.team)
        cost, warnings = await llm_status(store.spending, config.llm)
        rows = {
            "workspace": store.team,
            "label_set": config.label_set.version,
            "labelled": tally.get("labelled", 0),
            "abstained": tally.get("abstained", 0),
            "examples": sum(counts.values()),
            "labels_not_in_triage_toml": stray_labels(counts, config.label_set.names),
            "local_model": await store.workspaces.standing(store.team),
            "waiting": await store.inbox.depth(store.team),
            "given_up": await store.inbox.dead(store.team),
            "problems": await group_problems(config.triage, Members(store.redis, store.team))
            | await store.workspaces.problems(store.team),
            "llm_today": cost,
            "llm_problems": warnings,
        }
    print_figures(rows, as_json=as_json)
