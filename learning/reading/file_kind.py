"""Tells the format of a file by its name and first bytes: CSV, JSON lines, Parquet or lines."""

import csv
import io
import re
from pathlib import PurePath
from typing import BinaryIO, Final, cast

from learning.errors import DatasetError
from learning.reading.csv_rows import header_fits
from learning.reading.decoding import marked
from learning.reading.source import Source, loose

_KINDS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_OTHERS: Final = {
    b"PK\x03\x04": "a zip archive or a workbook",
    b"\x1f\x8b": "compressed",
    b"BZh": "compressed",
    b"\xfd7zXZ": "compressed",
    b"\x28\xb5\x2f\xfd": "compressed",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\xd0\xcf\x11\xe0": "a workbook or mail of an old version of Office",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
}
_MARKUP = re.compile(r"<(?:!doctype|html|\?xml)\b", re.IGNORECASE)
_OBJECT = re.compile(r'\{\s*"')
_DOCUMENT = re.compile(r'\[\s*\{|\{\s*\n\s*"')
"""An array, or one object over several lines: JSON, but not JSON lines."""
_HEAD: Final = 4_096


def kind(raw: BinaryIO, source: Source, *, labelled: bool) -> str:
    """Return csv, json, parquet or lines.

    A known file extension decides, otherwise the first bytes. Raise DatasetError for a format
    without rows, such as a PDF or an archive.
    """
    head = _head(raw)
    for mark, what in _OTHERS.items():
        if head.startswith(mark):
            raise DatasetError(
                f"{source.name}: the file is {what}. Unpack it, or save its rows as CSV."
            )
    first = head.decode(marked(head) or "utf-8", errors="replace").removeprefix("\ufeff").lstrip()
    found = _KINDS.get(PurePath(source.name).suffix.lower())
    if labelled or found is not None:
        _refuse_documents(first, source)
    if found is not None:
        return found
    if head.startswith(b"PAR1"):
        return "parquet"
    plain = PurePath(source.name).suffix.lower() == ".txt"
    if _OBJECT.match(first) and (labelled or not plain):
        return "json"
    return "csv" if labelled or _begins_as_csv(first, source) else "lines"


def _refuse_documents(first: str, source: Source) -> None:
    if _MARKUP.match(first):
        raise DatasetError(f"{source.name}: the file is a web page or XML. Save its rows as CSV.")
    if _DOCUMENT.match(first):
        raise DatasetError(
            f"{source.name}: the file is one JSON document, not one object per line. "
            f"Convert it to JSON lines, for example: jq -c '.[]' FILE > FILE.jsonl"
        )


def _head(raw: BinaryIO) -> bytes:
    if not raw.seekable():
        return cast("io.BufferedReader", raw).peek(_HEAD)
    start = raw.tell()
    try:
        return raw.read(_HEAD)
    finally:
        raw.seek(start)


def _begins_as_csv(first: str, source: Source) -> bool:
    wanted = {loose(name) for name in source.columns.text}
    line = first.partition("\n")[0].strip("\r")

    def fits(names: list[str]) -> bool:
        plain = all(name == name.strip() for name in names)
        return plain and wanted <= set(map(loose, names))

    try:
        return header_fits(line, fits)
    except csv.Error:
        return False
