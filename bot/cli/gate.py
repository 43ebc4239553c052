"""`triage gate`: compare a challenger with the champion."""

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
    load_own,
    open_bench,
    write_picture,
)
from bot.cli.terminal import out, print_json, styled
from storage.models import shown

if TYPE_CHECKING:  # loads slowly
    from bot.admin.gate import Outcome

_LABELS_MAX = 16
_CELL = 12  # columns that a label's name needs to be read
_SHADES = ("grey70", "yellow", "dark_orange", "red")

app = typer.Typer()


@app.command()
def gate(
    model: ModelArgument = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write the confusion picture, a PNG, here.")
    ] = None,
    team: TeamOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Compare a challenger with the champion on held-out examples; changes nothing.

    Exits with 0 where it would be promoted, with 1 where not.
    """

    async def compare() -> "Outcome":
        async with open_bench(*load_own(config), team) as bench:
            return await bench.gating.judge(model)

    outcome = asyncio.run(compare())
    if as_json:
        print_json(_json(outcome))
        if picture is not None:
            _draw(outcome, picture)
    else:
        _show(outcome, picture)
    raise typer.Exit(0 if outcome.verdict.promote else 1)


def _show(outcome: "Outcome", picture: Path | None) -> None:
    from learning.gate.report import report

    counts = outcome.comparison.confusion
    out.say(f"{outcome.challenger.id} against {shown(outcome.champion)}")
    table = _confusion(counts)
    if table is not None:
        out.print(table)
    lines = report(outcome.comparison, outcome.verdict)
    out.say(*lines)
    if picture is not None:
        _draw(outcome, picture)


def _confusion(counts: Counter[tuple[str, str]]) -> Table | None:
    """Return the confusion matrix of few labels, errors by their share in colour; None for many."""
    names = sorted({name for pair in counts for name in pair})
    if len(names) > _LABELS_MAX or _CELL * (len(names) + 1) > out.width:
        return None
    table = Table("true \\ said", *(name or "none" for name in names), title="Challenger")
    for true in names:
        total = sum(n for (one, _), n in counts.items() if one == true)
        cells = [_cell(counts[true, said], total, right=true == said) for said in names]
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

    title = f"challenger {outcome.challenger.id} on held-out messages"
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
