"""Options and settings that verbs of the command line have in common."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from support_triage.bot.config import (
    Config,
    ConfigError,
    Settings,
    load_config,
    load_settings,
    shipped_config,
)
from support_triage.bot.environment import read_environment
from support_triage.bot.terminal import err
from support_triage.classifiers.text import well_formed
from support_triage.learning.source import Columns

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="triage.toml [default: TRIAGE_CONFIG]")
]
TeamOption = Annotated[
    str | None,
    typer.Option(
        "--team", help="Workspace id, if there are several.", parser=well_formed, metavar="TEXT"
    ),
]
TextOption = Annotated[
    list[str] | None,
    typer.Option("--text", help="The text column; several are joined [default: text]."),
]
LabelOption = Annotated[str, typer.Option("--label", help="The label column.")]
WhenOption = Annotated[
    str | None,
    typer.Option("--when", help="The date column [default: when, if there is one]."),
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="The file's encoding [default: detected].")
]
SkipOption = Annotated[bool, typer.Option("--skip-bad", help="List bad rows and leave them out.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OLD=NEW", help="Import the file's label OLD as NEW."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, for scripts.")]


def load_environment() -> Settings:
    """Return the settings of the environment and of `.env`, or ConfigError."""
    return load_settings(read_environment()[0])


def load_own(config: Path | None) -> tuple[Settings, Config]:
    """Return settings and the team's own configuration, or ConfigError."""
    settings = load_environment()
    return settings, load_config(config or settings.triage_config)


def load(config: Path | None) -> tuple[Settings, Config]:
    """Return settings and configuration: the shipped one if the team has written none yet."""
    settings = load_environment()
    named = config or settings.triage_config
    unnamed = config is None and "triage_config" not in settings.model_fields_set
    if unnamed and not named.exists():
        err.say(
            f"triage: no {named} here: the shipped labels are used. "
            "`triage config init` writes it for you to change."
        )
        named = shipped_config()
    return settings, load_config(named)


def columns_of(
    text: Sequence[str] | None, label: str = "label", when: str | None = None
) -> Columns:
    """Return the columns that the options name."""
    return Columns(tuple(text) if text else ("text",), label, when)


def mapped(options: Sequence[str] | None) -> dict[str, str]:
    """Return the labels that `--map OLD=NEW` names; OLD may have an equals sign."""
    found = {}
    for words in options or ():
        old, _, new = words.rpartition("=")
        if not (old and new):
            raise ConfigError(f'--map: "{words}": write OLD=NEW')
        found[old] = new
    return found


def pair(option: str, words: str) -> tuple[str, str]:
    """Return both sides of `OLD=NEW`; ConfigError names the option."""
    old, equals, new = words.partition("=")
    if not (old and equals and new):
        raise ConfigError(f'{option}: "{words}": write OLD=NEW')
    return old, new
