"""`triage evaluate`: train on one file and measure on another."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import (
    EncodingOption,
    EngineOption,
    JsonOption,
    LabelOption,
    MapOption,
    ProcessesOption,
    SkipOption,
    TextOption,
    WhenOption,
    columns_of,
    load_environment,
    mapped,
    tell_skipped,
)
from bot.cli.terminal import err, out, print_json
from bot.config.config import ConfigError, Settings
from learning.reading.source import Source

if TYPE_CHECKING:  # slow to load
    from bot.bulk.engine import Crew
    from learning.reading.bad_rows import BadRowPolicy
    from learning.reading.reader import Labelled

app = typer.Typer()


@app.command()
def evaluate(
    train: Annotated[str, typer.Option(help="CSV, JSON lines or Parquet to train on, or s3://…")],
    test: Annotated[str, typer.Option(help="The same, to measure on; any length.")],
    text: TextOption = None,
    label: LabelOption = "label",
    when: WhenOption = None,
    encoding: EncodingOption = None,
    renamed: MapOption = None,
    classifier: Annotated[str, typer.Option(help="local, llm or cascade.")] = "local",
    engine: EngineOption = "local",
    processes: ProcessesOption = None,
    *,
    skip_bad: SkipOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train on one file, measure on another: accuracy, calibration, coverage and speed."""
    from bot.bulk.engine import Crew
    from learning.reading.bad_rows import RefuseAll, SkipBad

    settings, crew = load_environment(), Crew(engine, processes)
    columns = columns_of(text, label, when)
    files = Source(train, columns, encoding), Source(test, columns, encoding)
    remarks = SkipBad(err.say) if skip_bad else RefuseAll(err.say)
    evaluate_files(settings, files, mapped(renamed), remarks, classifier, crew, as_json=as_json)


def evaluate_files(
    settings: Settings,
    files: tuple[Source, Source],
    renamed: Mapping[str, str],
    remarks: "BadRowPolicy",
    kind: str,
    crew: "Crew",
    *,
    as_json: bool,
) -> None:
    """Print the figures of a classifier trained on one file and tested on another."""
    from bot.bulk.evaluate import evaluate as measure
    from classifiers.factory import KINDS
    from learning.errors import DatasetError
    from learning.reading import reader as reading
    from learning.reading.bad_rows import refusal

    if kind not in KINDS:
        raise ConfigError(f'--classifier: "{kind}" is unknown. Use one of {", ".join(KINDS)}.')
    train, test = files
    taught = list(_named(reading.read(train, remarks), renamed))
    if lines := refusal(remarks):
        raise DatasetError("\n".join([f"{train.name}: nothing was trained or measured:", *lines]))
    names = {row.label: row.label for row in taught}
    tested = _named(reading.read(test, _each(remarks)), names | dict(renamed))
    found = measure(settings, taught, tested, kind, crew)
    figures = {
        "classifier": found.version,
        "train_examples": len(taught),
        "train_s": round(found.train_s, 3),
        **found.evaluation.as_dict(),
    }
    tell_skipped(remarks)
    if as_json:
        print_json(figures)
    else:
        out.print_json(data=figures)


def _each(remarks: "BadRowPolicy") -> "BadRowPolicy":
    """Return a policy that skips bad rows if `remarks` does, and else stops at the first.

    Collecting all bad rows is no use here, as texts are classified while the file is read.
    """
    from learning.reading.bad_rows import RefuseFirst, SkipBad

    return remarks if isinstance(remarks, SkipBad) else RefuseFirst(remarks.tell)


def _named(rows: Iterator["Labelled"], renamed: Mapping[str, str]) -> Iterator["Labelled"]:
    """Yield rows whose labels have the spelling of the first row with the same label."""
    from learning.reading.label_names import LabelNames

    names = LabelNames((), renamed)
    for row in rows:
        label = names.ours(row.label)
        if label is None:
            label = names.add(row.label)
        yield replace(row, label=label)
