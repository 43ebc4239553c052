"""`triage export`: write the labelled examples to a file."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import WHO, ConfigOption, TeamOption, load_own
from bot.cli.terminal import out
from bot.config.config import Config, ConfigError, Settings
from bot.workspace import open_store

app = typer.Typer()


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    kind: Annotated[
        str, typer.Option("--format", help="openai, jsonl, csv or parquet.")
    ] = "openai",
    since: Annotated[
        str | None, typer.Option(help="Only examples labelled since this day (2026-11-01, or 30d).")
    ] = None,
    team: TeamOption = None,
    config: ConfigOption = None,
) -> None:
    """Write the labelled examples to a file."""
    settings, loaded = load_own(config)
    asyncio.run(export_file(settings, loaded, out, kind, since, team))


async def export_file(
    settings: Settings, config: Config, path: Path, kind: str, since: str | None, team: str | None
) -> None:
    """Write the examples to a file and print a summary."""
    from learning.export.export import FORMATS, since_when
    from learning.export.export import export as write

    if kind not in FORMATS:
        raise ConfigError(f'--format: "{kind}" is unknown. Use one of {", ".join(FORMATS)}.')
    start = 0.0 if since is None else since_when(since, datetime.now(UTC))
    async with open_store(settings, team) as store:
        exported = await write(store.examples, store.team, kind, config.label_set, path, start)
        await store.workspaces.audit(store.team, WHO, "export", format=kind)
    out.say(exported.summary)
