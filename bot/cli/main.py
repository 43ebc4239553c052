"""The `triage` command line: collects the verbs and runs the one that is called.

Each verb is a module with an `app`. Verbs import slow modules inside their functions, so a wrong
setting is reported at once.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pkgutil import iter_modules
from typing import Annotated

import structlog
import typer

from bot import cli
from bot.cli.terminal import err
from bot.config.config import ConfigError
from bot.observe import logs
from classifiers.base import ClassifierError
from learning.errors import DatasetError
from learning.finetune.backend import FinetuneError
from storage.errors import StorageError
from storage.models import ModelError
from storage.server.embedded import EmbeddedValkeyError

log = structlog.get_logger()

_USER_ERRORS = (
    ConfigError,
    DatasetError,
    ModelError,
    ClassifierError,
    EmbeddedValkeyError,
    FinetuneError,
)

app = typer.Typer(
    name="triage",
    help="Label and route support messages in Slack, and learn from agents' corrections.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer passes it by position
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


def verbs() -> Iterator[typer.Typer]:
    """Yield the app of each verb, sorted by the name of its module."""
    for found in iter_modules(cli.__path__, f"{cli.__name__}."):
        if not found.ispkg and found.name != __name__:
            verb = getattr(import_module(found.name), "app", None)
            if isinstance(verb, typer.Typer):
                yield verb


for _verb in verbs():
    app.add_typer(_verb)


def main() -> None:
    """Run the command; print an error that people can correct as one line, with exit code 2."""
    logs.configure()
    try:
        app()
    except _USER_ERRORS as error:
        err.say(f"triage: {error}", style="red")
        sys.exit(2)
    except StorageError as error:
        err.say(f"triage: REDIS_URL: the server refuses or does not answer: {error}")
        sys.exit(3)
    except Exception as error:
        # Typer's hook would print the error's message, which may quote a person.
        log.critical("triage.failed", exc_info=error)
        sys.exit(1)
