"""Every test that docs/security.md names exists."""

import ast
import re
from pathlib import Path

PAGE = Path("docs/security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")][2:]


def names_in(path: Path) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.name for node in found if isinstance(node, functions) and node.name[:5] == "test_"}


def test_every_named_test_exists() -> None:
    assert len(NAMED) > 40
    paths = {path: Path("tests") / path for path, _ in NAMED}
    existing = {path: names_in(file) if file.exists() else set() for path, file in paths.items()}
    assert [f"{path}::{name}" for path, name in NAMED if name not in existing[path]] == []


def test_every_attack_has_a_test() -> None:
    assert len(ROWS) == 22
    assert [row for row in ROWS if "::test_" not in row.split(" | ")[3]] == []
