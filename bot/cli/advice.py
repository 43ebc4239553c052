"""`triage advice`: recommend prompting or fine-tuning."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import (
    ConfigOption,
    JsonOption,
    TeamOption,
    VerboseOption,
    load,
    open_bench,
    write_picture,
)
from bot.cli.terminal import out, print_json
from bot.config.config import Config, Settings

if TYPE_CHECKING:  # slow to load
    from learning.advice.facts import Facts
    from learning.advice.recommendation import Advice

app = typer.Typer()


@app.command()
def advice(
    picture: Annotated[
        Path | None, typer.Option(help="Write a PNG of the learning curve to this file.")
    ] = None,
    team: TeamOption = None,
    *,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Recommend prompting or fine-tuning from your own examples, agreement, costs and dates."""
    from learning.advice.report import advice_lines

    settings, loaded = load(config)
    found, facts = asyncio.run(_advice(settings, loaded, team))
    if as_json:
        print_json(asdict(found) | {"facts": asdict(facts)})
    else:
        out.say(*advice_lines(found, facts, verbose=verbose))
    if picture is not None and facts.curve is not None:
        _draw(facts, loaded.triage.target_precision, picture)


async def _advice(settings: Settings, config: Config, team: str | None) -> tuple["Advice", "Facts"]:
    async with open_bench(settings, config, team) as bench:
        return await bench.adviser.advise()


def _draw(facts: "Facts", target: float, path: Path) -> None:
    from learning.advice.picture import curve_png

    assert facts.curve is not None
    write_picture(path, curve_png(facts.curve, target))
