"""`triage import`: add the labelled examples of a file."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import (
    WHO,
    ConfigOption,
    EncodingOption,
    LabelOption,
    MapOption,
    SkipOption,
    TeamOption,
    TextOption,
    WhenOption,
    columns_of,
    load_own,
    mapped,
)
from bot.cli.terminal import err, out
from bot.config.config import Config, Settings
from bot.workspace import open_store
from classifiers.plural import plural
from learning.reading.source import Source

if TYPE_CHECKING:  # slow to load
    from learning.reading.bad_rows import BadRowPolicy

app = typer.Typer()


@app.command("import")
def import_(
    file: Annotated[
        str, typer.Argument(help="CSV, JSON lines or Parquet with text and label; - reads stdin.")
    ],
    text: TextOption = None,
    label: LabelOption = "label",
    when: WhenOption = None,
    encoding: EncodingOption = None,
    renamed: MapOption = None,
    team: TeamOption = None,
    *,
    skip_bad: SkipOption = False,
    config: ConfigOption = None,
) -> None:
    """Add labelled examples from a file; importing a file twice adds nothing."""
    from learning.reading.bad_rows import RefuseAll, SkipBad

    settings, loaded = load_own(config)
    source = Source(file, columns_of(text, label, when), encoding)
    remarks = SkipBad(err.say) if skip_bad else RefuseAll(err.say)
    asyncio.run(import_file(settings, loaded, source, mapped(renamed), team, remarks))


async def import_file(
    settings: Settings,
    config: Config,
    source: Source,
    renamed: Mapping[str, str],
    team: str | None,
    remarks: "BadRowPolicy | None" = None,
) -> None:
    """Add the rows of a file as examples; store nothing if any row is refused."""
    from rich.progress import Progress

    from learning.reading.importing import plan_import
    from learning.reading.importing import store as store_rows
    from learning.reading.opening import rereadable

    with rereadable(source.name) as name:
        plan = plan_import(replace(source, name=name), config.label_set, renamed, remarks)
        async with open_store(settings, team) as store:
            await store.workspaces.add(store.team)
            with Progress(console=err) as progress:
                task = progress.add_task("Importing", total=plan.rows)
                done = await store_rows(
                    store.examples, store.team, plan, lambda rows: progress.advance(task, rows)
                )
            await store.workspaces.audit(store.team, WHO, "import", rows=str(plan.rows))
    out.say(f"Imported: {done.changed} new or changed of {plural(plan.rows, 'row')}")
    if plan.skipped:
        out.say(f"Skipped bad rows: {plan.skipped}")
    if plan.repeated:
        out.say(f"Left out because a newer or later row has the same text: {plan.repeated}")
    if done.older:
        out.say(f"Left out because the stored example is newer: {done.older}")
