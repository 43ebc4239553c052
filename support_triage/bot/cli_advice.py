"""`triage advice`: recommend prompting or fine-tuning."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_triage.bot.cli_options import ConfigOption, JsonOption, TeamOption, load, write_picture
from support_triage.bot.config import Config, Settings
from support_triage.bot.terminal import out, print_json
from support_triage.bot.workspace import open_store
from support_triage.storage.models import Models
from support_triage.storage.series import Series

if TYPE_CHECKING:  # loads slowly
    from support_triage.learning.advice import Advice
    from support_triage.learning.advice_facts import Facts

app = typer.Typer()


@app.command()
def advice(
    picture: Annotated[
        Path | None, typer.Option(help="Write the learning curve, a PNG, here.")
    ] = None,
    team: TeamOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Prompt or fine-tune? From this team's numbers: examples, agreement, curve, costs, dates."""
    from support_triage.learning.advice_report import advice_lines

    settings, loaded = load(config)
    found, facts = asyncio.run(_advice(settings, loaded, team))
    if as_json:
        print_json(asdict(found) | {"facts": asdict(facts)})
    else:
        out.say(*advice_lines(found, facts))
    if picture is not None and facts.curve is not None:
        _draw(facts, loaded.triage.target_precision, picture)


async def _advice(settings: Settings, config: Config, team: str | None) -> tuple["Advice", "Facts"]:
    from support_triage.bot.advising import Advising
    from support_triage.classifiers.embedders import make_embedder

    embedder = await asyncio.to_thread(make_embedder, config.local.embedder)
    async with open_store(settings, team) as store:
        advising = Advising(
            config,
            store.team,
            settings.openai_model,
            store.examples,
            Models(store.redis),
            Series(store.redis, store.team),
            store.spending,
            embedder,
        )
        return await advising.advise()


def _draw(facts: "Facts", target: float, path: Path) -> None:
    from support_triage.learning.pictures import curve_png

    assert facts.curve is not None
    write_picture(path, curve_png(facts.curve, target))
