"""docs/glossary.md names keys, files, verbs and settings that exist, and each term once."""

import re
from pathlib import Path

import typer

from bot.cli.main import app
from bot.commands.dispatch import VERBS
from storage import keys

PAGE = Path("docs/glossary.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| term", "| ---"))
]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_each_term_is_explained_once() -> None:
    terms = [term for row in ROWS for term in row[0].split(", ")]
    assert len(terms) > 60
    assert sorted(terms) == sorted(set(terms))
    assert [row for row in ROWS if not row[1].endswith(".")] == []


def test_every_key_exists() -> None:
    named = {name for row in ROWS if len(row) == 6 for name in quoted(row[5])}
    assert len(named) > 30
    assert [name for name in sorted(named) if not hasattr(keys, name)] == []


def test_every_path_exists() -> None:
    paths = [name for name in quoted(PAGE) if re.fullmatch(r"(?:\w+/)+\w+(?:\.py)?", name)]
    assert len(paths) > 10
    assert [name for name in paths if not Path(name).exists()] == []


def test_every_command_exists() -> None:
    known = set(vars(typer.main.get_command(app))["commands"])
    assert set(re.findall(r"`triage ([a-z]+)", PAGE)) <= known
    assert set(re.findall(r"`/triage ([a-z]+)", PAGE)) <= set(VERBS)


def test_every_class_exists() -> None:
    source = "\n".join(
        path.read_text()
        for folder in ("bot", "classifiers", "learning", "storage")
        for path in Path(folder).rglob("*.py")
    )
    defined = set(re.findall(r"^class (\w+)", source, re.MULTILINE))
    classes = {
        name for row in ROWS if len(row) == 6 for name in quoted(row[4]) if name[0].isupper()
    }
    assert [name for name in sorted(classes - {"SEED"}) if name not in defined] == []
