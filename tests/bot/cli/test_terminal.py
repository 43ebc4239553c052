"""Untrusted texts in every medium: nothing in them acts, and all of it is visible."""

import ast
import csv
import io
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import structlog
from rich.table import Table

from bot.bulk.classify import row
from bot.cli.terminal import Terminal, styled
from bot.observe import logs
from classifiers.base import Prediction
from classifiers.printable import json_line
from learning.export.plain_file import CsvWriter
from learning.export.rows import Row
from learning.gate.picture import confusion_png
from tests.hostile import ACTING, HOSTILE
from tests.sources import SOURCES

_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORDS_OUT = {"print", "Console", "Text"}


def shown(hostile: str) -> str:
    written = io.StringIO()
    terminal = Terminal(file=written, width=120, force_terminal=True)
    terminal.print(hostile)
    terminal.say(f"triage: {hostile}", style="red")
    terminal.print(styled(hostile, "green"))
    table = Table("text", hostile, title=hostile, caption=hostile)
    table.add_row("cell", hostile)
    terminal.print(table)
    return _COLOUR.sub("", written.getvalue())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_terminal_shows_words_as_they_are(hostile: str) -> None:
    seen = shown(hostile)
    assert not ACTING & (set(seen) - {"\n"})
    if hostile.isprintable() and len(hostile) < 60:
        assert seen.count(hostile) >= 3  # no markup or emoji code was interpreted


@pytest.mark.parametrize("hostile", HOSTILE)
def test_json_lines_are_the_same_data_and_act_nowhere(hostile: str) -> None:
    line = json_line(row(hostile, Prediction(None, 0.0)))
    assert not ACTING & set(line)
    assert json.loads(line)["text"] == hostile


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_log_line_is_one_line_of_json(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        structlog.get_logger().warning("odd name", name=hostile)
    finally:
        structlog.reset_defaults()
    written = capsys.readouterr().err
    assert not ACTING & set(written.removesuffix("\n"))
    assert json.loads(written)["name"] == hostile


def test_no_cell_of_a_csv_file_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    writer = CsvWriter(path)
    writer.add([Row(one, one, "import", "v", "1") for one in HOSTILE])
    writer.finish()
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for line in list(csv.reader(file))[1:] for cell in line]
    assert [cell for cell in cells if cell.startswith(_FORMULA)] == []


def test_a_picture_draws_names_as_they_are() -> None:
    counts = Counter({(one[:40], HOSTILE[0]): 1 for one in HOSTILE})
    assert confusion_png(counts, "title").startswith(b"\x89PNG")


def test_all_words_reach_the_terminal_through_one_module() -> None:
    for path in SOURCES:
        if path.name == "terminal.py" or path.parts[0] == "sandbox":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "id", getattr(called, "attr", ""))
            written = isinstance(called, ast.Name) and name in _WORDS_OUT
            assert not written, f"{path}: {name}() prints past bot/cli/terminal.py"
            if isinstance(node, ast.ImportFrom) and node.module == "rich.markup":
                pytest.fail(f"{path}: markup is off in bot/cli/terminal.py")
