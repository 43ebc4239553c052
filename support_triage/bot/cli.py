"""The `triage` command line: collects the verbs and runs the one that is called.

Each verb is a module with an `app`. A verb loads what is slow to load when it is called, so that a
wrong setting is reported at once.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pkgutil import iter_modules
from typing import Annotated, Final

import structlog
import typer

from support_triage.bot import logs
from support_triage.bot.config import ConfigError
from support_triage.bot.terminal import err
from support_triage.classifiers.base import ClassifierError
from support_triage.learning.errors import DatasetError
from support_triage.learning.finetune.base import FinetuneError
from support_triage.storage.embedded import EmbeddedValkeyError
from support_triage.storage.errors import StorageError
from support_triage.storage.models import ModelError

log = structlog.get_logger()

_VERBS: Final = "support_triage.bot.cli_"
"""The names of verbs' modules begin with this."""
_MENDABLE = (
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


def verbs() -> Iterator[typer.Typer]:
    """Yield the app of each verb, sorted by the name of its module."""
    package = _VERBS.rpartition(".")[0]
    for found in iter_modules(import_module(package).__path__, f"{package}."):
        if found.name.startswith(_VERBS) and not found.ispkg and found.name != __name__:
            verb = getattr(import_module(found.name), "app", None)
            if isinstance(verb, typer.Typer):
                yield verb


for _verb in verbs():
    app.add_typer(_verb)


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
