"""`triage gate`: compare a new model with the model in use."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table

from bot.cli.options import (
    ConfigOption,
    JsonOption,
    ModelArgument,
    TeamOption,
    VerboseOption,
    load_own,
    open_bench,
    write_picture,
)
from bot.cli.terminal import out, print_json, styled
from storage.models import shown

if TYPE_CHECKING:  # slow to load
    from bot.admin.gate import Outcome

_LABELS_MAX = 16
_CELL = 12  # columns that a readable label name takes
_SHADES = ("grey70", "yellow", "dark_orange", "red")

app = typer.Typer()


@app.command()
def gate(
    model: ModelArgument = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write a PNG of the labels that are confused to this file.")
    ] = None,
    team: TeamOption = None,
    *,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Compare a new model with the model in use on held-out examples. Changes nothing.

    The exit code is 0 if the new model would be promoted, and 1 if not.
    """

    async def compare() -> "Outcome":
        async with open_bench(*load_own(config), team) as bench:
            return await bench.gate.judge(model)

    outcome = asyncio.run(compare())
    if as_json:
        print_json(_json(outcome))
        if picture is not None:
            _draw(outcome, picture)
    else:
        _show(outcome, picture, verbose=verbose)
    raise typer.Exit(0 if outcome.verdict.promote else 1)


def _show(outcome: "Outcome", picture: Path | None, *, verbose: bool) -> None:
    from learning.gate.report import report

    out.say(f"{outcome.challenger.id} against {shown(outcome.champion)}")
    out.say(*report(outcome.comparison, outcome.verdict, verbose=verbose))
    table = _confusion(outcome.comparison.confusion)
    if table is not None:
        out.print(table)
    if picture is not None:
        _draw(outcome, picture)


def _confusion(counts: Counter[tuple[str, str]]) -> Table | None:
    """Return the confusion matrix, errors coloured by share; None if it is too wide."""
    names = sorted({name for pair in counts for name in pair})
    if len(names) > _LABELS_MAX or _CELL * (len(names) + 1) > out.width:
        return None
    table = Table("true \\ guess", *(name or "none" for name in names), title="New model")
    for true in names:
        total = sum(n for (label, _), n in counts.items() if label == true)
        cells = [_cell(counts[true, guess], total, right=true == guess) for guess in names]
        table.add_row(true or "none", *cells)
    return table


def _cell(count: int, total: int, *, right: bool) -> RenderableType:
    if count == 0:
        return styled("·", "grey50")
    if right:
        return styled(str(count), "green")
    return styled(str(count), _SHADES[min(3, int(10 * count / total))])


def _draw(outcome: "Outcome", path: Path) -> None:
    from learning.gate.picture import confusion_png

    title = f"new model {outcome.challenger.id} on held-out requests"
    write_picture(path, confusion_png(outcome.comparison.confusion, title))


def _json(outcome: "Outcome") -> dict[str, Any]:
    return {
        "champion": outcome.champion,
        "challenger": outcome.challenger.id,
        "snapshot": outcome.snapshot.id,
        "promote": outcome.verdict.promote,
        "reasons": outcome.verdict.reasons,
        "missing": outcome.verdict.missing,
        "figures": outcome.comparison.as_metrics(),
    }
