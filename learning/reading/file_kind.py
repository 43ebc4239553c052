"""What a file holds, by its name and how it begins: CSV, JSON lines, Parquet or plain lines."""

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
    b"\xd0\xcf\x11\xe0": "a workbook or a mail of an old Office",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
}
_MARKUP = re.compile(r"<(?:!doctype|html|\?xml)\b", re.IGNORECASE)
_OBJECT = re.compile(r'\{\s*"')
_DOCUMENT = re.compile(r'\[\s*\{|\{\s*\n\s*"')
"""An array, or one object over several lines: JSON, but no JSON lines."""
_HEAD: Final = 4_096


def kind(raw: BinaryIO, source: Source, *, labelled: bool) -> str:
    """Return csv, json, parquet or lines; DatasetError for a file that holds no rows.

    The ending of the name decides where it is a known one, else how the file begins.
    """
    head = _head(raw)
    for mark, what in _OTHERS.items():
        if head.startswith(mark):
            raise DatasetError(f"{source.name}: this is {what}. Unpack it, or save it as CSV.")
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
        raise DatasetError(f"{source.name}: this is a web page or XML. Save the rows as CSV.")
    if _DOCUMENT.match(first):
        raise DatasetError(
            f"{source.name}: this is one JSON document, and not one object a line. "
            f"Rewrite it as JSON lines, as by: jq -c '.[]' FILE > FILE.jsonl"
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
