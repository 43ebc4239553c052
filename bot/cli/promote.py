"""`triage promote`: make a challenger the champion."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cli.options import (
    WHO,
    ConfigOption,
    ModelArgument,
    TeamOption,
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
        str | None, typer.Option(help="Without the gate, for this reason.", metavar="REASON")
    ] = None,
    team: TeamOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a challenger the champion, if the gate says so; exits with 1 where it does not."""
    from learning.gate.report import verdict_lines

    async def move() -> Sequence[str]:
        async with open_bench(*load_own(config), team) as bench:
            if force is not None:
                identity = await bench.promoting.by_force(model, WHO, force)
                return [f"{identity} is the champion now, without the gate: {force}"]
            outcome = await bench.promoting.by_gate(model, WHO)
            now = "is the champion now" if outcome.verdict.promote else "stays a challenger"
            return [f"{outcome.challenger.id} {now}", *verdict_lines(outcome.verdict)]

    if force is not None and not force.strip():
        raise ConfigError("--force: say why, such as --force 'new product line'")
    lines = asyncio.run(move())
    out.say(*lines)
    raise typer.Exit(1 if lines[1:] and lines[1].startswith("KEEP") else 0)
