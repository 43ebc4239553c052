"""`triage models`: show the models, which one is in use, and the history."""

import asyncio
from dataclasses import asdict
from typing import Any

import typer
from rich.table import Table

from bot.admin.wording import ACTS, ROLES, day, gain
from bot.cli.options import ConfigOption, JsonOption, TeamOption, load
from bot.cli.terminal import out, print_json
from bot.workspace import open_store
from storage.models import shown
from storage.stores import Stores

app = typer.Typer()


@app.command()
def models(
    team: TeamOption = None, *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show all models, which one is in use, and who promoted which one, when and why."""

    async def look() -> dict[str, Any]:
        settings, loaded = load(config)
        async with open_store(settings, team) as store:
            return await _listed(store, loaded.label_set.version)

    found = asyncio.run(look())
    if as_json:
        print_json(found)
    else:
        out.print(_models(found["models"]))
        out.print(_history(found["history"]))


async def _listed(store: Stores, label_set: str) -> dict[str, Any]:
    """Return champion, models with role and shadow figures, and history, as JSON types."""
    from learning.gate.shadow import figures
    from storage.models import listed

    stored, shadows = store.models, store.shadows
    rows = []
    for one in await listed(stored, store.team, label_set):
        answers = await shadows.all(one.model.id)
        shadow = figures(answers, await store.examples.get(store.team, list(answers)))
        part = {"id": one.model.id, "role": one.role, "usable": one.usable}
        rows.append({**part, **one.model.model_dump(), "shadow": asdict(shadow)})
    history = [one.model_dump() for one in await stored.history(store.team)]
    return {"champion": await stored.champion(store.team), "models": rows, "history": history}


def _models(rows: list[dict[str, Any]]) -> Table:
    columns = ("model", "role", "made (UTC)", "backend", "name", "training set", "silent trial")
    table = Table(*columns, title="Models")
    for one in rows:
        change = one["shadow"]["change"]
        shadow = f"{change['gained']} gained, {change['lost']} lost of {change['size']} judged"
        cells = [one["id"], ROLES[one["role"]], day(one["created"]), one["backend"]]
        cells += [str(one["name"]), one["snapshot"]]
        table.add_row(*cells, shadow if one["shadow"]["answered"] else "")
    return table


def _history(rows: list[dict[str, Any]]) -> Table:
    table = Table("when (UTC)", "change", "from", "to", "gain", "who", "why", title="History")
    for one in rows:
        moves = (shown(one["before"]), shown(one["after"]))
        given = gain(one["figures"])
        table.add_row(day(one["when"]), ACTS[one["act"]], *moves, given, one["who"], one["why"])
    return table
