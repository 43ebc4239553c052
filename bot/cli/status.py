"""`triage status`: show the bot's numbers and problems."""

import asyncio

import typer

from bot.cli.options import ConfigOption, JsonOption, TeamOption, load
from bot.cli.terminal import print_figures
from bot.config.config import Config, Settings
from bot.workspace import open_store

_NAMES = {
    "labelled": "requests labelled",
    "abstained": "requests that need a human",
    "waiting": "events waiting",
    "given_up": "failed events",
    "labels_not_in_triage_toml": "labels not in triage.toml",
    "llm_today": "LLM today",
    "llm_problems": "LLM problems",
}

app = typer.Typer()


@app.command()
def status(
    team: TeamOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show requests, examples, waiting and failed events, costs and problems."""
    settings, loaded = load(config)
    asyncio.run(show_status(settings, loaded, team, as_json=as_json))


async def show_status(
    settings: Settings, config: Config, team: str | None, *, as_json: bool
) -> None:
    """Print the numbers and problems of a workspace."""
    from bot.admin.status import llm_status
    from bot.slack.people import group_problems
    from learning.migration import stray_labels

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
            "local_model": await store.workspaces.precision_status(store.team),
            "waiting": await store.inbox.depth(store.team),
            "given_up": await store.inbox.dead(store.team),
            "problems": await group_problems(config.triage, store.members)
            | await store.workspaces.problems(store.team),
            "llm_today": cost,
            "llm_problems": warnings,
        }
    print_figures(rows, _NAMES, as_json=as_json)
