"""`triage rollback`: go back to the model that was in use before."""

import asyncio
from typing import Annotated

import typer

from bot.cli.options import WHO, ConfigOption, TeamOption, load_own, open_bench
from bot.cli.terminal import out
from storage.models import shown

app = typer.Typer()


@app.command()
def rollback(
    reason: Annotated[str, typer.Option(help="The reason, for the history.")] = "",
    team: TeamOption = None,
    config: ConfigOption = None,
) -> None:
    """Go back to the model that was in use before, in one step."""

    async def back() -> str:
        async with open_bench(*load_own(config), team) as bench:
            return await bench.promotions.back(WHO, reason)

    out.say(f"Back to {shown(asyncio.run(back()))}")
