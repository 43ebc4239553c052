"""Verbs of the command line on models: gate, promote, rollback, models."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table

from support_triage.bot.cli_options import (
    ConfigOption,
    JsonOption,
    TeamOption,
    load,
    load_own,
)
from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.terminal import out, print_json, styled
from support_triage.bot.wording import day, gain
from support_triage.bot.workspace import Store, open_store
from support_triage.learning.model_list import listed
from support_triage.storage.models import Models, shown
from support_triage.storage.series import Series
from support_triage.storage.shadows import Shadows

if TYPE_CHECKING:  # loads slowly, and most verbs do without
    from support_triage.bot.gating import Outcome
    from support_triage.bot.promoting import Promoting

_WHO = "command line"
_LABELS_MAX = 16
_CELL = 12  # columns that a label's name needs to be read
_SHADES = ("grey70", "yellow", "dark_orange", "red")

app = typer.Typer()

ModelArgument = Annotated[
    str | None, typer.Argument(help="Model id or its beginning [default: the newest challenger]")
]


@asynccontextmanager
async def _open(settings: Settings, config: Config, team: str | None) -> AsyncIterator["Promoting"]:
    from support_triage.bot.gating import Gating
    from support_triage.bot.promoting import Promoting
    from support_triage.classifiers.embedders import make_embedder

    async with open_store(settings, team) as store:
        embedder = await asyncio.to_thread(make_embedder, config.local.embedder)
        gating = Gating(
            settings,
            config,
            store.team,
            Models(store.redis),
            store.examples,
            Shadows(store.redis, store.team),
            store.spending,
            embedder,
        )
        yield Promoting(gating, store.workspaces, Series(store.redis, store.team))


def _confusion(counts: Counter[tuple[str, str]]) -> Table | None:
    """The confusion matrix of few labels, errors by their share in colour; None for many."""
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


def _show(outcome: "Outcome", picture: Path | None) -> None:
    from support_triage.learning.gate_report import report

    counts = outcome.comparison.confusion
    out.say(f"{outcome.challenger.id} against {shown(outcome.champion)}")
    table = _confusion(counts)
    if table is not None:
        out.print(table)
    lines = report(outcome.comparison, outcome.verdict)
    out.say(*lines)
    if picture is not None:
        _draw(outcome, picture)


def _draw(outcome: "Outcome", path: Path) -> None:
    from support_triage.learning.pictures import confusion_png

    title = f"challenger {outcome.challenger.id} on held-out messages"
    try:
        path.write_bytes(confusion_png(outcome.comparison.confusion, title))
    except OSError as error:
        raise ConfigError(f"--picture: {path}: {error.strerror}") from None


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
        async with _open(*load_own(config), team) as promoting:
            return await promoting.gating.judge(model)

    outcome = asyncio.run(compare())
    if as_json:
        print_json(_json(outcome))
        if picture is not None:
            _draw(outcome, picture)
    else:
        _show(outcome, picture)
    raise typer.Exit(0 if outcome.verdict.promote else 1)


@app.command()
def promote(
    model: ModelArgument = None,
    force: Annotated[
        str | None, typer.Option(help="Without the gate, for this reason.", metavar="REASON")
    ] = None,
    team: TeamOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a challenger the champion, if the gate says so; exits with 1 where it does not."""
    from support_triage.learning.gate_report import verdict_lines

    async def move() -> Sequence[str]:
        async with _open(*load_own(config), team) as promoting:
            if force is not None:
                identity = await promoting.by_force(model, _WHO, force)
                return [f"{identity} is the champion now, without the gate: {force}"]
            outcome = await promoting.by_gate(model, _WHO)
            now = "is the champion now" if outcome.verdict.promote else "stays a challenger"
            return [f"{outcome.challenger.id} {now}", *verdict_lines(outcome.verdict)]

    if force is not None and not force.strip():
        raise ConfigError("--force: say why, such as --force 'new product line'")
    lines = asyncio.run(move())
    out.say(*lines)
    raise typer.Exit(1 if lines[1:] and lines[1].startswith("KEEP") else 0)


@app.command()
def rollback(
    reason: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    team: TeamOption = None,
    config: ConfigOption = None,
) -> None:
    """Go back to the champion before this one, in one step."""

    async def back() -> str:
        async with _open(*load_own(config), team) as promoting:
            return await promoting.back(_WHO, reason)

    out.say(f"Back to {shown(asyncio.run(back()))}")


async def _listed(store: Store, label_set: str) -> dict[str, Any]:
    """Champion, models with their parts and shadow figures, and history, as JSON types."""
    from support_triage.learning.shadow import figures

    stored, shadows = Models(store.redis), Shadows(store.redis, store.team)
    rows = []
    for one in await listed(stored, store.team, label_set):
        answers = await shadows.all(one.model.id)
        shadow = figures(answers, await store.examples.get(store.team, list(answers)))
        part = {"id": one.model.id, "role": one.role, "usable": one.usable}
        rows.append({**part, **one.model.model_dump(), "shadow": asdict(shadow)})
    history = [one.model_dump() for one in await stored.history(store.team)]
    return {"champion": await stored.champion(store.team), "models": rows, "history": history}


@app.command()
def models(
    team: TeamOption = None, *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show the models, which one answers, and who decided so, when and why."""

    async def look() -> dict[str, Any]:
        settings, loaded = load(config)
        async with open_store(settings, team) as store:
            return await _listed(store, loaded.label_set.version)

    found = asyncio.run(look())
    if as_json:
        print_json(found)
        return
    table = Table(
        *("model", "role", "made (UTC)", "backend", "name", "snapshot", "in shadow"), title="Models"
    )
    for one in found["models"]:
        change = one["shadow"]["change"]
        shadow = f"{change['gained']} gained, {change['lost']} lost of {change['size']} judged"
        cells = [one["id"], one["role"], day(one["created"]), one["backend"]]
        cells += [str(one["name"]), one["snapshot"]]
        table.add_row(*cells, shadow if one["shadow"]["answered"] else "")
    out.print(table)
    steps = Table("when (UTC)", "act", "from", "to", "figures", "who", "why", title="History")
    for one in found["history"]:
        moves = (shown(one["before"]), shown(one["after"]))
        given = gain(one["figures"])
        steps.add_row(day(one["when"]), one["act"], *moves, given, one["who"], one["why"])
    out.print(steps)
