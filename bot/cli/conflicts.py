"""`triage conflicts`: show labels that somebody should look at."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bot.cli.options import ConfigOption, TeamOption, load
from bot.cli.terminal import out, print_json
from bot.config.config import Config, Settings
from bot.slack.text.markup import excerpt
from bot.workspace import open_store
from classifiers.plural import plural

if TYPE_CHECKING:  # loads slowly
    from learning.dataset.conflicts import Doubts

app = typer.Typer()


@app.command()
def conflicts(
    most: Annotated[int, typer.Option(help="How many of each kind.", min=1)] = 10,
    team: TeamOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    config: ConfigOption = None,
) -> None:
    """Show labels to look at: one text with two labels, and probable errors."""
    settings, loaded = load(config)
    asyncio.run(show_conflicts(settings, loaded, team, most, as_json=as_json))


async def show_conflicts(
    settings: Settings, config: Config, team: str | None, most: int, *, as_json: bool
) -> None:
    """Print conflicts and probable errors, the newest first, with channel:ts of each message."""
    from classifiers.embedding.embedders import make_embedder
    from learning.dataset.conflicts import doubts

    embedder = await asyncio.to_thread(make_embedder, config.local.embedder)
    async with open_store(settings, team) as store:
        found = await doubts(store.examples, store.team, config.label_set, embedder, most)
    if as_json:
        print_json(_rows(found))
        return
    table = Table("what", "label", "or rather", "message", "text")
    for row in _rows(found):
        table.add_row(*(str(row[key]) for key in ("what", "label", "instead", "message", "text")))
    out.print(table)
    out.say(
        f"{plural(found.conflicts_in_all, 'text')} with two labels; {found.suspects_in_all} of the "
        f"newest {plural(found.judged, 'example')} probably mislabelled."
    )


def _rows(found: "Doubts") -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for conflict in found.conflicts:
        labels = [one.label for one in conflict.examples]
        for one in conflict.examples:
            others = ", ".join(sorted({label for label in labels if label != one.label}))
            rows.append(
                {
                    "what": "two labels",
                    "label": one.label,
                    "instead": others,
                    "message": one.id,
                    "text": excerpt(one.text),
                }
            )
    for suspect in found.suspects:
        one = suspect.example
        rows.append(
            {
                "what": "probably wrong",
                "label": one.label,
                "instead": suspect.instead,
                "message": one.id,
                "text": excerpt(one.text),
            }
        )
    return rows
