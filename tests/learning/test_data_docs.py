"""docs/data.md: each command in it is one that the command line takes."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app

_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
COMMANDS = [
    line.partition("#")[0].strip()
    for block in _BLOCK.findall(Path("docs/data.md").read_text())
    for line in block.splitlines()
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_docs_is_understood(command: str) -> None:
    name, *arguments = shlex.split(command)
    assert name == "triage"
    done = CliRunner().invoke(app, [*arguments, "--help"])
    assert done.exit_code == 0, done.output
