"""The command line as a user runs it: the verbs, and exit codes of errors."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli import main as cli
from tests.bot.cli.command_line import process, triage


def names(verb: typer.Typer) -> set[str]:
    """Return the names of a module's commands."""
    group = typer.main.get_group(verb)
    return {group.name} if group.name else set(group.commands)


def test_each_verb_is_in_the_module_of_its_name() -> None:
    found = {}
    for path in Path(cli.__file__).parent.glob("*.py"):
        module = import_module(f"bot.cli.{path.stem}")
        if path.stem != "main" and hasattr(module, "app"):
            found[path.stem.rstrip("_")] = names(module.app)
    assert found == {name: {name} for name in found}
    assert list(typer.main.get_group(cli.app).commands) == sorted(found)


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["classify", "-", "--config", "missing.toml"], {}, "missing.toml: no such file"),
        (["classify", "missing.txt"], {}, "missing.txt: no such file"),
        (["run"], {"REDIS_URL": "nowhere"}, "REDIS_URL: write redis://"),
        (["run"], {}, "SLACK_APP_TOKEN: not set"),
        (["run", "--port", "1"], {}, "SLACK_BOT_TOKEN: not set"),
        (["export", "--out", "x", "--format", "xml"], {}, "--format"),
        (["import", "missing.csv"], {}, "missing.csv: no such file"),
        (["evaluate", "--train", "a.csv", "--test", "b.csv"], {}, "a.csv: no such file"),
        (
            ["evaluate", "--train", "a", "--test", "b", "--classifier", "magic"],
            {},
            "--classifier",
        ),
    ],
)
def test_user_errors_are_one_line_with_exit_code_2(
    arguments: list[str], environment: dict[str, str], words: str
) -> None:
    done = triage(*arguments, **environment)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def texts(command: Any) -> Iterator[str]:
    """Yield the help texts of a command, its parameters and its subcommands."""
    yield command.help or ""
    for parameter in command.params:
        yield str(getattr(parameter, "help", "") or "")
    for inner in getattr(command, "commands", {}).values():
        yield from texts(inner)


def test_help_texts_have_no_brackets_which_rich_would_remove() -> None:
    found = list(texts(typer.main.get_command(cli.app)))
    assert len(found) > 100
    assert [text for text in found if "[" in text] == []


def test_the_version_is_shown() -> None:
    assert process("--version").stdout.startswith("support-triage 0.")


def test_an_unreachable_server_is_exit_code_3() -> None:
    done = process("status", REDIS_URL="redis://127.0.0.1:1")
    assert done.returncode == 3
    assert "REDIS_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "folder", ["/dev/null", "/proc/none", "triage.toml", "/sys/none", "/dev/null/below"]
)
def test_an_unusable_data_folder_is_named(folder: str) -> None:
    done = triage("status", TRIAGE_DATA_DIR=folder)
    assert done.returncode == 2
    assert "TRIAGE_DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr
