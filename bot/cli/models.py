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
    for row in await listed(stored, store.team, label_set):
        answers = await shadows.all(row.model.id)
        shadow = figures(answers, await store.examples.get(store.team, list(answers)))
        state = {"id": row.model.id, "role": row.role, "usable": row.usable}
        rows.append({**state, **row.model.model_dump(), "shadow": asdict(shadow)})
    history = [step.model_dump() for step in await stored.history(store.team)]
    return {"champion": await stored.champion(store.team), "models": rows, "history": history}


def _models(rows: list[dict[str, Any]]) -> Table:
    columns = ("model", "role", "made (UTC)", "backend", "name", "training set", "silent trial")
    table = Table(*columns, title="Models")
    for row in rows:
        change = row["shadow"]["change"]
        shadow = f"{change['gained']} gained, {change['lost']} lost of {change['size']} judged"
        cells = [row["id"], ROLES[row["role"]], day(row["created"]), row["backend"]]
        cells += [str(row["name"]), row["snapshot"]]
        table.add_row(*cells, shadow if row["shadow"]["answered"] else "")
    return table


def _history(rows: list[dict[str, Any]]) -> Table:
    table = Table("when (UTC)", "change", "from", "to", "gain", "who", "why", title="History")
    for step in rows:
        moves = (shown(step["before"]), shown(step["after"]))
        reason = (gain(step["figures"]), step["who"], step["why"])
        table.add_row(day(step["when"]), ACTS[step["act"]], *moves, *reason)
    return table
