"""Texts of a file of any length, one by one: CSV, JSONL, Parquet or lines; local or remote."""

import csv
import io
import json
from collections.abc import Iterator
from typing import BinaryIO

from support_triage.classifiers.text import well_formed
from support_triage.learning.dataset import DatasetError
from support_triage.learning.opening import opened
from support_triage.learning.parquet_file import pyarrow

_ROWS = 8192


def texts(name: str) -> Iterator[str]:
    """Each text of the file; DatasetError where it cannot be read, or has no `text`."""
    with opened(name) as raw:
        if name.lower().endswith(".parquet"):
            yield from _parquet(raw, name)
            return
        with io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from _csv(file, name) if name.lower().endswith(".csv") else _lines(file, name)


def _parquet(raw: BinaryIO, name: str) -> Iterator[str]:
    found = pyarrow("pyarrow.parquet").ParquetFile(raw)
    if "text" not in found.schema_arrow.names:
        raise DatasetError(f'{name}: needs a column "text"')
    for batch in found.iter_batches(batch_size=_ROWS, columns=["text"]):
        for text in batch.column(0).to_pylist():
            yield "" if text is None else str(text)


def _csv(file: io.TextIOWrapper, name: str) -> Iterator[str]:
    for row in csv.DictReader(file):
        if row.get("text") is None:
            raise DatasetError(f'{name}: needs a column "text" in its header')
        yield row["text"]


def _lines(file: io.TextIOWrapper, name: str) -> Iterator[str]:
    for line in file:
        bare = line.rstrip("\r\n")
        if name.lower().endswith(".jsonl") or (name == "-" and bare.startswith('{"')):
            yield _text_of(bare, name)
        elif bare.strip():
            yield bare


def _text_of(line: str, name: str) -> str:
    try:
        text = json.loads(line)["text"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise DatasetError(f'{name}: a line is not a JSON object with "text"') from None
    return well_formed(str(text))
