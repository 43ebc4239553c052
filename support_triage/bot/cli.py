"""The `triage` command line: the composition of verbs; each one's work is elsewhere.

A verb loads its module when it is called: a wrong setting is said at once, not after the model's
libraries were loaded.
"""

import asyncio
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import structlog
import typer

from support_triage.bot import (
    cli_advice,
    cli_config,
    cli_dead,
    cli_doctor,
    cli_labels,
    cli_models,
    cli_train,
    logs,
)
from support_triage.bot.cli_options import (
    ConfigOption,
    EncodingOption,
    LabelOption,
    MapOption,
    SkipOption,
    TeamOption,
    TextOption,
    WhenOption,
    columns_of,
    load,
    load_environment,
    load_own,
    mapped,
)
from support_triage.bot.config import ConfigError
from support_triage.bot.environment import read_environment
from support_triage.bot.terminal import err
from support_triage.classifiers.base import ClassifierError
from support_triage.learning.dataset import DatasetError
from support_triage.learning.finetune.base import FinetuneError
from support_triage.storage.embedded import EmbeddedValkeyError
from support_triage.storage.errors import StorageError
from support_triage.storage.models import ModelError

log = structlog.get_logger()

app = typer.Typer(
    name="triage",
    help="Label and route support messages in Slack, and learn from agents' corrections.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(cli_doctor.app)
app.add_typer(cli_config.app)
app.add_typer(cli_dead.app)
app.add_typer(cli_models.app)
app.add_typer(cli_advice.app)
app.add_typer(cli_labels.app)
app.add_typer(cli_train.app)
_MENDABLE = (
    ConfigError,
    DatasetError,
    ModelError,
    ClassifierError,
    EmbeddedValkeyError,
    FinetuneError,
)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"support-triage {version('support-triage')}")
        raise typer.Exit


@app.callback()
def triage(
    *,
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Label and route support messages in Slack, and learn from agents' corrections."""


EngineOption = Annotated[str, typer.Option(help="For long files: local, or ray for a cluster.")]
ProcessesOption = Annotated[
    int | None, typer.Option(min=1, help="For long files [default: one a core].")
]


@app.command()
def run(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Receive over HTTP on this port.")
    ] = None,
    role: Annotated[
        str, typer.Option(help="all, intake (receive only) or worker (answer only).")
    ] = "all",
    metrics_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Serve /metrics, /healthz, /readyz on this port."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Listen on this address [default: TRIAGE_HOST, else 127.0.0.1]."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Run the bot: over Socket Mode with SLACK_APP_TOKEN, or over HTTP with --port."""
    from support_triage.bot.running import role_of, serve

    settings, loaded = load_own(config)
    logs.tell_settings_file(read_environment()[1])
    asyncio.run(serve(settings, loaded, port, role_of(role), metrics_port, host))


@app.command()
def demo(
    *, once: Annotated[bool, typer.Option("--once", help="Exit when the story is told.")] = False
) -> None:
    """Try the bot with a Slack of its own: a short story, then a page to play with."""
    from support_triage.bot.demo import play

    raise typer.Exit(asyncio.run(play(once=once)))


@app.command()
def backfill(
    since: Annotated[
        str | None,
        typer.Option(help="A day or some days ago (30d) [default: an hour before the last known]."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Look in Slack's history for what was missed, and have it answered."""
    from support_triage.bot import cli_backfill

    settings, loaded = load_own(config)
    asyncio.run(cli_backfill.backfill(settings, loaded, since))


@app.command()
def classify(
    file: Annotated[
        str,
        typer.Argument(help="CSV, JSON lines, Parquet, plain lines, s3://…; - is standard input."),
    ] = "-",
    text: TextOption = None,
    encoding: EncodingOption = None,
    out: Annotated[
        str | None,
        typer.Option(help="Write there, in parallel; the same command again goes on."),
    ] = None,
    classifier: Annotated[
        str | None, typer.Option(help="local, llm or cascade [default: the one in use].")
    ] = None,
    examples: Annotated[
        str | None, typer.Option(help="A file of text and label, instead of the workspace's.")
    ] = None,
    engine: EngineOption = "local",
    processes: ProcessesOption = None,
    team: TeamOption = None,
    *,
    skip_bad: SkipOption = False,
    config: ConfigOption = None,
) -> None:
    """Label texts as the bot would: one JSON line each, with confidence and alternatives."""
    from support_triage.bot import cli_classify
    from support_triage.bot.crew import Crew
    from support_triage.bot.taught import Choice
    from support_triage.learning.bad_rows import RefuseFirst, SkipBad
    from support_triage.learning.source import Source

    settings, loaded = load(config)
    choice, crew = Choice(team, examples, classifier), Crew(engine, processes)
    source = Source(file, columns_of(text), encoding)
    remarks = SkipBad(err.say) if skip_bad else RefuseFirst(err.say)
    if out is None:
        asyncio.run(cli_classify.classify(settings, loaded, source, choice, remarks))
    else:
        cli_classify.classify_to(settings, loaded, source, out, choice, crew, remarks)


@app.command("import")
def import_(
    file: Annotated[
        str, typer.Argument(help="CSV, JSON lines or Parquet with text and label; - is stdin.")
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
    """Add labelled examples; the same file twice adds nothing."""
    from support_triage.bot import cli_data
    from support_triage.learning.bad_rows import RefuseAll, SkipBad
    from support_triage.learning.source import Source

    settings, loaded = load_own(config)
    source = Source(file, columns_of(text, label, when), encoding)
    remarks = SkipBad(err.say) if skip_bad else RefuseAll(err.say)
    asyncio.run(cli_data.import_file(settings, loaded, source, mapped(renamed), team, remarks))


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    kind: Annotated[
        str, typer.Option("--format", help="openai, jsonl, csv or parquet.")
    ] = "openai",
    since: Annotated[
        str | None, typer.Option(help="Only what was labelled since: 2026-11-01, or 30d.")
    ] = None,
    team: TeamOption = None,
    config: ConfigOption = None,
) -> None:
    """Write the labelled examples to a file."""
    from support_triage.bot import cli_data

    settings, loaded = load_own(config)
    asyncio.run(cli_data.export_file(settings, loaded, out, kind, since, team))


@app.command()
def status(
    team: TeamOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    config: ConfigOption = None,
) -> None:
    """Show how the bot fares: messages, examples, backlog, problems."""
    from support_triage.bot import cli_data

    settings, loaded = load(config)
    asyncio.run(cli_data.status(settings, loaded, team, as_json=as_json))


@app.command()
def conflicts(
    most: Annotated[int, typer.Option(help="How many of each kind.", min=1)] = 10,
    team: TeamOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    config: ConfigOption = None,
) -> None:
    """Show labels to look at: one text with two labels, and probable errors."""
    from support_triage.bot import cli_conflicts

    settings, loaded = load(config)
    asyncio.run(cli_conflicts.conflicts(settings, loaded, team, most, as_json=as_json))


@app.command()
def forget(
    user: Annotated[str, typer.Argument(help="The person's member id in Slack, U….")],
    team: TeamOption = None,
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Remove it; without, it is counted.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Remove all that a person wrote: messages, predictions, examples, cards."""
    from support_triage.bot.cli_forget import forget_person

    settings, loaded = load(config)
    asyncio.run(forget_person(settings, loaded, user, team, apply=apply))


@app.command()
def accuracy(
    team: TeamOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    config: ConfigOption = None,
) -> None:
    """Show how often agents agreed with the bot."""
    from support_triage.bot import cli_data

    settings, loaded = load(config)
    asyncio.run(cli_data.accuracy(settings, loaded, team, as_json=as_json))


@app.command()
def evaluate(
    train: Annotated[str, typer.Option(help="CSV, JSONL or Parquet to learn from, or s3://…")],
    test: Annotated[str, typer.Option(help="The same to be judged on, of any length.")],
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
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Train on one file, measure on another: accuracy, calibration, coverage, speed."""
    from support_triage.bot import cli_classify
    from support_triage.bot.crew import Crew
    from support_triage.learning.bad_rows import RefuseAll, SkipBad
    from support_triage.learning.source import Source

    settings, crew = load_environment(), Crew(engine, processes)
    columns = columns_of(text, label, when)
    files = Source(train, columns, encoding), Source(test, columns, encoding)
    remarks = SkipBad(err.say) if skip_bad else RefuseAll(err.say)
    cli_classify.evaluate(
        settings, files, mapped(renamed), remarks, classifier, crew, as_json=as_json
    )


def main() -> None:
    """Run the command; an error that people can mend is one line and exit code 2, no trace."""
    logs.configure()
    try:
        app()
    except _MENDABLE as error:
        err.say(f"triage: {error}", style="red")
        sys.exit(2)
    except StorageError as error:
        err.say(f"triage: REDIS_URL: the server cannot serve: {error}")
        sys.exit(3)
    except Exception as error:
        # typer's hook would print the error's message, which may be what somebody wrote.
        log.critical("triage.failed", exc_info=error)
        sys.exit(1)
