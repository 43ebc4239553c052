"""`triage conflicts`: show labels to review."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bot.cli.options import ConfigOption, JsonOption, TeamOption, load
from bot.cli.terminal import out, print_json
from bot.config.config import Config, Settings
from bot.slack.text.markup import excerpt
from bot.workspace import open_store
from classifiers.plural import plural

if TYPE_CHECKING:  # slow to load
    from learning.dataset.conflicts import Doubts
    from storage.examples.examples import StoredExample

app = typer.Typer()


@app.command()
def conflicts(
    most: Annotated[int, typer.Option(help="The most to show of each kind.", min=1)] = 10,
    team: TeamOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show labels to review: texts with two labels, and examples that are probably wrong."""
    settings, loaded = load(config)
    asyncio.run(show_conflicts(settings, loaded, team, most, as_json=as_json))


async def show_conflicts(
    settings: Settings, config: Config, team: str | None, most: int, *, as_json: bool
) -> None:
    """Print conflicts and probable errors, newest first, with channel:ts of each message."""
    from classifiers.embedding.embedders import make_embedder
    from learning.dataset.conflicts import doubts

    embedder = await asyncio.to_thread(make_embedder, config.local.embedder)
    async with open_store(settings, team) as store:
        found = await doubts(store.examples, store.team, config.label_set, embedder, most)
    if as_json:
        print_json(_rows(found))
        return
    table = Table("problem", "label", "rather", "message", "text")
    for row in _rows(found):
        table.add_row(*(str(row[key]) for key in ("what", "label", "instead", "message", "text")))
    out.print(table)
    out.say(
        f"{plural(found.conflicts_in_all, 'text')} with two labels; {found.suspects_in_all} of the "
        f"newest {plural(found.judged, 'example')} probably have a wrong label."
    )


def _rows(found: "Doubts") -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for conflict in found.conflicts:
        labels = {example.label for example in conflict.examples}
        for example in conflict.examples:
            others = ", ".join(sorted(labels - {example.label}))
            rows.append(_row("two labels", example, others))
    rows += [_row("probably wrong", suspect.example, suspect.instead) for suspect in found.suspects]
    return rows


def _row(what: str, example: "StoredExample", instead: str) -> dict[str, object]:
    return {
        "what": what,
        "label": example.label,
        "instead": instead,
        "message": example.id,
        "text": excerpt(example.text),
    }
