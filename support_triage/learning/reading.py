"""Labelled texts back in: from an export of any format, or from elsewhere."""

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support_triage.learning.dataset import DatasetError
from support_triage.learning.split import normal
from support_triage.learning.spreadsheet import uncell


def identity(text: str) -> str:
    """The id of an imported text: the same text, however spaced or cased, is one example."""
    return f"import:{hashlib.sha256(normal(text).encode()).hexdigest()[:24]}"


def _row(fields: dict[str, object], where: str) -> tuple[str, str]:
    if "messages" in fields:
        return _chat(fields["messages"], where)
    text, label = fields.get("text"), fields.get("label")
    if not isinstance(text, str) or not text.strip() or not isinstance(label, str) or not label:
        raise DatasetError(f'{where}: needs "text" and "label", both not empty')
    return text, label


def _chat(turns: Any, where: str) -> tuple[str, str]:
    try:
        question, reply = turns[-2], turns[-1]
        text = question["content"].removeprefix("<message>\n").removesuffix("\n</message>")
        return str(text), str(json.loads(reply["content"])["label"])
    except (TypeError, KeyError, ValueError, AttributeError, IndexError):
        raise DatasetError(f"{where}: not a chat of ours: a user turn, then an answer") from None


def read(path: Path) -> Iterator[tuple[str, str]]:
    """(text, label) of each row of a CSV or JSONL file; DatasetError names the line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                for number, row in enumerate(csv.DictReader(file), start=2):
                    text, label = _row(dict(row), f"{path}, line {number}")
                    yield uncell(text), uncell(label)
            else:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield _row(
                            _object(line, f"{path}, line {number}"), f"{path}, line {number}"
                        )
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read as UTF-8 text: {error}") from None


def _object(line: str, where: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise DatasetError(f"{where}: not JSON: {error.msg}") from None
    if not isinstance(found, dict):
        raise DatasetError(f'{where}: not an object with "text" and "label"')
    return found
