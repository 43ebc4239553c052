"""Every test that docs/security.md names is there."""

import ast
import re
from pathlib import Path

PAGE = Path("docs/security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")][2:]


def names_in(path: Path) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return {one.name for one in found if isinstance(one, functions) and one.name[:5] == "test_"}


def test_every_test_that_is_named_exists() -> None:
    assert len(NAMED) > 40
    paths = {path: Path("tests") / path for path, _ in NAMED}
    there = {path: names_in(file) if file.exists() else set() for path, file in paths.items()}
    assert [f"{path}::{name}" for path, name in NAMED if name not in there[path]] == []


def test_every_attack_has_a_test() -> None:
    assert len(ROWS) == 22
    assert [row for row in ROWS if "::test_" not in row.split(" | ")[3]] == []
