"""Options, settings and small steps that several verbs of the command line have in common."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.terminal import err
from bot.config.config import (
    Config,
    ConfigError,
    Settings,
    load_config,
    load_settings,
    shipped_config,
)
from bot.config.environment import read_environment
from bot.workspace import open_store
from classifiers.text import well_formed
from learning.reading.source import Columns

if TYPE_CHECKING:  # slow to load
    from bot.admin.workbench import Workbench
    from learning.reading.bad_rows import BadRowPolicy

WHO: Final = "command line"
"""The author of actions on the command line, in the audit log."""

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Path of triage.toml (default: TRIAGE_CONFIG).")
]
TeamOption = Annotated[
    str | None,
    typer.Option(
        "--team",
        help="Workspace id; needed if there are several.",
        parser=well_formed,
        metavar="TEXT",
    ),
]
TextOption = Annotated[
    list[str] | None,
    typer.Option("--text", help="Text column; repeat to join several (default: text)."),
]
LabelOption = Annotated[str, typer.Option("--label", help="Label column.")]
WhenOption = Annotated[
    str | None,
    typer.Option("--when", help="Date column (default: when, if present)."),
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of the file (default: detected).")
]
SkipOption = Annotated[bool, typer.Option("--skip-bad", help="List bad rows and skip them.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OLD=NEW", help="Read the file's label OLD as NEW."),
]
EngineOption = Annotated[str, typer.Option(help="For long files: local, or ray for a cluster.")]
ProcessesOption = Annotated[
    int | None, typer.Option(min=1, help="Processes for long files (default: one per core).")
]
ModelArgument = Annotated[
    str | None, typer.Argument(help="Model id or its beginning (default: the newest unused model).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", help="Add statistics: intervals, p-values, calibration, F1.")
]


def load_environment() -> Settings:
    """Return the settings of the environment and `.env`; raise ConfigError if one is wrong."""
    return load_settings(read_environment()[0])


def load_own(config: Path | None) -> tuple[Settings, Config]:
    """Return settings and the team's triage.toml; raise ConfigError if it is missing or wrong."""
    settings = load_environment()
    return settings, load_config(config or settings.triage_config)


def load(config: Path | None) -> tuple[Settings, Config]:
    """Return settings and triage.toml, or the shipped triage.toml if the team has none yet."""
    settings = load_environment()
    named = config or settings.triage_config
    unnamed = config is None and "triage_config" not in settings.model_fields_set
    if unnamed and not named.exists():
        err.say(
            f"triage: no {named} here, so the shipped labels are used. "
            "`triage config init` writes a file to edit."
        )
        named = shipped_config()
    return settings, load_config(named)


def columns_of(
    text: Sequence[str] | None, label: str = "label", when: str | None = None
) -> Columns:
    """Return the columns that the options name."""
    return Columns(tuple(text) if text else ("text",), label, when)


def mapped(options: Sequence[str] | None) -> dict[str, str]:
    """Return NEW by OLD for each `--map OLD=NEW`; OLD may contain an equals sign."""
    found = {}
    for words in options or ():
        old, _, new = words.rpartition("=")
        if not (old and new):
            raise ConfigError(f'--map: "{words}": write OLD=NEW')
        found[old] = new
    return found


def pair(option: str, words: str) -> tuple[str, str]:
    """Return both sides of `OLD=NEW`; raise ConfigError, naming the option, if one is empty."""
    old, equals, new = words.partition("=")
    if not (old and equals and new):
        raise ConfigError(f'{option}: "{words}": write OLD=NEW')
    return old, new


def tell_skipped(remarks: "BadRowPolicy | None") -> None:
    """Print the number of skipped rows, if any."""
    from learning.reading.bad_rows import SkipBad

    if isinstance(remarks, SkipBad) and remarks.count:
        err.say(f"Skipped bad rows: {remarks.count}")


def write_picture(path: Path, png: bytes) -> None:
    """Write a picture to the path of `--picture`; raise ConfigError if that fails."""
    try:
        path.write_bytes(png)
    except OSError as error:
        raise ConfigError(f"--picture: {path}: {error.strerror}") from None


@asynccontextmanager
async def open_bench(
    settings: Settings, config: Config, team: str | None
) -> AsyncIterator["Workbench"]:
    """Yield the gate, promotions, advice and training of one workspace."""
    from bot.admin.workbench import Workbench
    from classifiers.embedding.embedders import make_embedder

    async with open_store(settings, team) as store:
        embedder = await asyncio.to_thread(make_embedder, config.local.embedder)
        yield Workbench(settings, config, store, embedder)
