"""`triage config`: write a triage.toml to start from."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import out
from bot.config.config import ConfigError, shipped_config

app = typer.Typer(name="config", help="Write a triage.toml: labels, channels and people.")


@app.callback()
def config() -> None:
    """Write a triage.toml: labels, channels and people."""


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("triage.toml"),
) -> None:
    """Write the shipped triage.toml, with comments, for you to edit."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(shipped_config().read_text("utf-8"))
    except FileExistsError:
        raise ConfigError(f"{path} already exists: nothing was written") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    out.say(f"Wrote {path}. Edit its labels, channels and people, then run `triage doctor`.")
