"""`triage accuracy`: show how often agents agreed with the bot."""

import asyncio
from typing import Any

import typer

from bot.cli.options import ConfigOption, JsonOption, TeamOption, load
from bot.cli.terminal import print_figures
from bot.config.config import Settings
from bot.workspace import open_store

_NAMES = {"judged": "judged by agents", "answered": "given a label", "right": "of those right"}

app = typer.Typer()


@app.command()
def accuracy(
    team: TeamOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show how often agents agreed with the bot."""
    settings, _ = load(config)
    asyncio.run(show_accuracy(settings, team, as_json=as_json))


async def show_accuracy(settings: Settings, team: str | None, *, as_json: bool) -> None:
    """Print how often agents agreed, overall and for each label."""
    from learning.feedback.accuracy import measure

    async with open_store(settings, team) as store:
        found = await measure(store.examples.iterate(store.team))
    rows: dict[str, Any] = {
        "judged": found.judged,
        "answered": found.answered,
        "right": found.right,
        "precision": None if found.precision is None else round(found.precision, 4),
    }
    rows |= {f"label_{name}": f"{right} of {total}" for name, right, total in found.per_label}
    print_figures(rows, _NAMES, as_json=as_json)
