"""`triage demo`: the story succeeds, and the README shows what it and `triage classify` print."""

import json
import re
from pathlib import Path

import pytest

from tests.bot.cli.command_line import process

README = Path("README.md").read_text()
[CONSOLE] = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def shown_after(command: str) -> list[str]:
    """Return the lines that the README shows after a command, without the ones that it omits."""
    _, _, rest = CONSOLE.partition(f"$ {command}\n")
    return [line for line in rest.partition("\n\n")[0].splitlines() if line.strip() != "…"]


def test_the_demo_succeeds_as_the_readme_shows() -> None:
    done = process("demo", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The demo succeeded" in done.stdout
    shown = shown_after("make demo")
    assert len(shown) > 5
    printed = iter([line.rstrip() for line in done.stdout.splitlines()])
    assert [line for line in shown if line not in printed] == [], done.stdout


def test_classify_answers_as_the_readme_shows(tmp_path: Path) -> None:
    [command] = re.findall(r"^\$ (echo .* classify -)$", CONSOLE, re.MULTILINE)
    [shown] = shown_after(command)
    text = command.split("'")[1]
    done = process(
        "classify",
        "-",
        stdin=f"{text}\n",
        TRIAGE_CONFIG=str(Path("triage.toml").absolute()),
        folder=tmp_path,
        TRIAGE_DATA_DIR=str(tmp_path / "data"),
    )
    answer = json.loads(done.stdout)
    expected = json.loads(re.sub(r", …\}$", "}", shown))
    assert answer["label"] == expected["label"]
    assert answer["confidence"] == pytest.approx(expected["confidence"], abs=0.02)
