"""`triage promote`: use a new model instead of the model in use."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cli.options import (
    WHO,
    ConfigOption,
    ModelArgument,
    TeamOption,
    VerboseOption,
    load_own,
    open_bench,
)
from bot.cli.terminal import out
from bot.config.config import ConfigError

app = typer.Typer()


@app.command()
def promote(
    model: ModelArgument = None,
    force: Annotated[
        str | None,
        typer.Option(help="Skip the comparison, for this reason.", metavar="REASON"),
    ] = None,
    team: TeamOption = None,
    *,
    verbose: VerboseOption = False,
    config: ConfigOption = None,
) -> None:
    """Compare a new model with the model in use, and use it if it is better.

    The exit code is 0 if the new model is in use now, and 1 if not.
    """
    from learning.gate.report import report, result_line, verdict_lines

    async def move() -> tuple[bool, Sequence[str]]:
        async with open_bench(*load_own(config), team) as bench:
            if force is not None:
                identity = await bench.promotions.by_force(model, WHO, force)
                return True, [f"{identity} is in use now, without a comparison: {force}"]
            outcome = await bench.promotions.by_gate(model, WHO)
        verdict, found = outcome.verdict, outcome.comparison
        state = "is in use now" if verdict.promote else "is not used"
        short = [result_line(found.change), *verdict_lines(verdict)]
        lines = report(found, verdict, verbose=True) if verbose else short
        return verdict.promote, [f"{outcome.challenger.id} {state}", *lines]

    if force is not None and not force.strip():
        raise ConfigError("--force: say why, such as --force 'new product line'")
    promoted, lines = asyncio.run(move())
    out.say(*lines)
    raise typer.Exit(0 if promoted else 1)
