"""The command line accepts each command in docs/data.md."""

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
def test_the_command_line_accepts_each_command(command: str) -> None:
    name, *arguments = shlex.split(command)
    assert name == "triage"
    done = CliRunner().invoke(app, [*arguments, "--help"])
    assert done.exit_code == 0, done.output
