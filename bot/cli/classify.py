"""`triage classify`: label the texts of a file as the bot would."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import (
    ConfigOption,
    EncodingOption,
    EngineOption,
    ProcessesOption,
    SkipOption,
    TeamOption,
    TextOption,
    columns_of,
    load,
    tell_skipped,
)
from bot.cli.terminal import err, print_json
from bot.config.config import Config, Settings
from classifiers.plural import plural
from learning.reading.source import Source

if TYPE_CHECKING:  # slow to load
    from bot.bulk.choose import Choice
    from bot.bulk.engine import Crew
    from learning.reading.bad_rows import BadRowPolicy

_BATCH = 64

app = typer.Typer()


@app.command()
def classify(
    file: Annotated[
        str,
        typer.Argument(help="CSV, JSON lines, Parquet, plain lines or s3://…; - reads stdin."),
    ] = "-",
    text: TextOption = None,
    encoding: EncodingOption = None,
    out: Annotated[
        str | None,
        typer.Option(help="Write to this file in parallel; run the same command again to resume."),
    ] = None,
    classifier: Annotated[
        str | None, typer.Option(help="local, llm or cascade (default: the model in use).")
    ] = None,
    examples: Annotated[
        str | None, typer.Option(help="Learn from this file instead of the workspace's examples.")
    ] = None,
    engine: EngineOption = "local",
    processes: ProcessesOption = None,
    team: TeamOption = None,
    *,
    skip_bad: SkipOption = False,
    config: ConfigOption = None,
) -> None:
    """Label texts as the bot would: one JSON line each, with confidence and alternatives."""
    from bot.bulk.choose import Choice
    from bot.bulk.engine import Crew
    from learning.reading.bad_rows import RefuseFirst, SkipBad

    settings, loaded = load(config)
    choice, crew = Choice(team, examples, classifier), Crew(engine, processes)
    source = Source(file, columns_of(text), encoding)
    remarks = SkipBad(err.say) if skip_bad else RefuseFirst(err.say)
    if out is None:
        asyncio.run(print_answers(settings, loaded, source, choice, remarks))
    else:
        write_answers(settings, loaded, source, out, choice, crew, remarks)


async def print_answers(
    settings: Settings,
    config: Config,
    source: Source,
    choice: "Choice",
    remarks: "BadRowPolicy | None" = None,
) -> None:
    """Print a JSON line for each text, in batches of 64."""
    from bot.bulk.choose import in_use
    from bot.bulk.classify import row
    from learning.bulk.chunks import chunks
    from learning.reading import reader as reading

    async with in_use(settings, config, choice) as classifier:
        for batch in chunks(reading.texts(source, remarks), _BATCH):
            for text, prediction in zip(batch, await classifier.classify(batch), strict=True):
                print_json(row(text, prediction))
    tell_skipped(remarks)


def write_answers(
    settings: Settings,
    config: Config,
    source: Source,
    out: str,
    choice: "Choice",
    crew: "Crew",
    remarks: "BadRowPolicy | None" = None,
) -> None:
    """Write a JSON line for each text to `out`, and print what the classifier learned from."""
    from bot.bulk.classify import classify_file

    done = classify_file(settings, config, source, out, choice, crew, remarks)
    resumed = f"; {plural(done.before, 'chunk')} kept from an earlier run" if done.before else ""
    err.say(f"{out} is complete{resumed}")
    taught = done.taught
    examples = plural(len(taught.examples), "example") if taught.examples else "its labels only"
    err.say(f"Learned from {taught.source}: {examples}")
    tell_skipped(remarks)
