"""Labelled texts back in: from an export of any format, or from elsewhere; a row at a time."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from support_triage.classifiers.text import well_formed
from support_triage.learning.dataset import DatasetError
from support_triage.learning.opening import opened
from support_triage.learning.parquet_file import pyarrow
from support_triage.learning.split import normal
from support_triage.learning.spreadsheet import uncell

_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns (or keys) of text and label are called in a file."""

    text: str = "text"
    label: str = "label"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row: text, label, when it was labelled ("" where that is not said), and where it stands."""

    text: str
    label: str
    when: str
    where: str


def identity(text: str) -> str:
    """The id of an imported text: the same text, however spaced or cased, is one example."""
    return f"import:{hashlib.sha256(normal(text).encode()).hexdigest()[:24]}"


def read(path: Path | str, columns: Columns | None = None) -> Iterator[Labelled]:
    """The rows of a CSV (also with ; or tabs), Parquet or JSONL file, chats of ours included.

    It is a path, or an address such as s3://bucket/key. The ending of the name says which kind it
    is, and any other is JSONL. DatasetError names the line of the first row that cannot be read.
    """
    columns, name = columns or Columns(), str(path)
    kinds = {".csv": _csv, ".tsv": _csv, ".parquet": _parquet}
    rows = kinds.get(PurePath(name).suffix.lower(), _jsonl)
    try:
        with opened(name) as raw:
            yield from rows(raw, name, columns)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{name}: cannot be read as UTF-8 text: {error}") from None


def _labelled(fields: dict[str, Any], columns: Columns, where: str) -> Labelled:
    text, label = fields.get(columns.text), fields.get(columns.label)
    if not isinstance(text, str) or not text.strip() or not isinstance(label, str) or not label:
        raise DatasetError(f'{where}: needs "{columns.text}" and "{columns.label}", both not empty')
    return Labelled(well_formed(text), well_formed(label), _when(fields.get("when")), where)


def _when(given: Any) -> str:
    try:
        return given if isinstance(given, str) and float(given) >= 0 else ""
    except ValueError:
        return ""


def _csv(raw: BinaryIO, name: str, columns: Columns) -> Iterator[Labelled]:
    with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        file.seek(0)
        parted = (next(csv.reader([header], delimiter=one), []) for one in _DELIMITERS)
        fitting = (
            one
            for one, names in zip(_DELIMITERS, parted, strict=True)
            if {columns.text, columns.label} <= set(names)
        )
        delimiter = next(fitting, None)
        if delimiter is None:
            raise DatasetError(
                f'{name}, line 1: no columns "{columns.text}" and "{columns.label}" in '
                f'"{header.strip()[:80]}": name them with --text and --label'
            )
        rows = csv.DictReader(file, delimiter=delimiter)
        for row in rows:
            one = _labelled(row, columns, f"{name}, line {rows.line_num}")
            yield Labelled(uncell(one.text), uncell(one.label), one.when, one.where)


def _jsonl(raw: BinaryIO, name: str, columns: Columns) -> Iterator[Labelled]:
    with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _object(line, columns, f"{name}, line {number}")


def _object(line: str, columns: Columns, where: str) -> Labelled:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise DatasetError(f"{where}: not JSON: {error.msg}") from None
    if not isinstance(found, dict):
        raise DatasetError(f'{where}: not an object with "{columns.text}" and "{columns.label}"')
    if "messages" in found:
        return _chat(found["messages"], where)
    return _labelled(found, columns, where)


def _chat(turns: Any, where: str) -> Labelled:
    try:
        question, reply = turns[-2], turns[-1]
        text = question["content"].removeprefix("<message>\n").removesuffix("\n</message>")
        return _labelled(
            {"text": text, "label": json.loads(reply["content"])["label"]}, Columns(), where
        )
    except (TypeError, KeyError, ValueError, AttributeError, IndexError):
        raise DatasetError(f"{where}: not a chat of ours: a user turn, then an answer") from None


def _parquet(raw: BinaryIO, name: str, columns: Columns) -> Iterator[Labelled]:
    arrow, parquet = pyarrow("pyarrow"), pyarrow("pyarrow.parquet")
    try:
        with parquet.ParquetFile(raw) as file:
            number = 0
            for batch in file.iter_batches(batch_size=1_000):
                for row in batch.to_pylist():
                    number += 1
                    yield _labelled(row, columns, f"{name}, row {number}")
    except arrow.ArrowException as error:
        raise DatasetError(f"{name}: cannot be read as Parquet: {error}") from None
