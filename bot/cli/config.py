"""`triage config`: write a triage.toml to start from."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import load_environment
from bot.cli.terminal import out
from bot.config.config import ConfigError, shipped_config

app = typer.Typer(name="config", help="Write a triage.toml: labels, channels and people.")


@app.callback()
def config() -> None:
    """Write a triage.toml: labels, channels and people."""


@app.command()
def init(
    path: Annotated[
        Path | None, typer.Argument(help="The file to write (default: TRIAGE_CONFIG).")
    ] = None,
) -> None:
    """Write the shipped triage.toml, with comments, for you to edit."""
    path = path or load_environment().triage_config
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(shipped_config().read_text("utf-8"))
    except FileExistsError:
        raise ConfigError(
            f"{path} already exists. Rename it first, or name another file."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    out.say(f"Wrote {path}. Edit its labels, channels and people, then run `triage doctor`.")
