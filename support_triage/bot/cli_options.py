"""What verbs of the command line have in common: settings, and whose examples they are about."""

import os
from pathlib import Path
from typing import Annotated

import typer

from support_triage.bot.config import Config, ConfigError, Settings, load_config, load_settings
from support_triage.classifiers.text import well_formed
from support_triage.storage.workspaces import Workspaces

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="triage.toml [default: TRIAGE_CONFIG]")
]
TeamOption = Annotated[
    str | None,
    typer.Option(
        "--team", help="Workspace id, if there are several.", parser=well_formed, metavar="TEXT"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, for scripts.")]


def load(config: Path | None) -> tuple[Settings, Config]:
    """Settings and configuration, or ConfigError."""
    settings = load_settings(os.environ)
    return settings, load_config(config or settings.triage_config)


async def chosen_team(workspaces: Workspaces, team: str | None) -> str:
    """The workspace named, or the only one there is; ConfigError where that is not clear."""
    known = await workspaces.all()
    if team is None and len(known) != 1:
        found = ", ".join(known) or "none yet: run the bot once"
        raise ConfigError(f"--team: name the workspace, such as T0123ABCD (known: {found})")
    return team or known[0]
