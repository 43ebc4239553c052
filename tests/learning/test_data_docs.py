"""The command line accepts each command in docs/data.md, and errors in the docs exist."""

import ast
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


_ERRORS = Path("docs/fine-tuning.md").read_text().partition("## Errors")[2]
ERRORS = re.findall(r"^\| `([^`]+)` \|", _ERRORS, re.MULTILINE)


def test_each_error_in_the_docs_is_in_the_code() -> None:
    literals = [
        node.value
        for path in Path("learning/finetune").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(ERRORS) > 5
    assert [error for error in ERRORS if not any(error in words for words in literals)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_accepts_each_command(command: str) -> None:
    name, *arguments = shlex.split(command)
    assert name == "triage"
    done = CliRunner().invoke(app, [*arguments, "--help"])
    assert done.exit_code == 0, done.output
