"""Reads CSV, JSON lines, Parquet and plain lines, one row at a time."""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from classifiers.printable import printable
from classifiers.text import well_formed
from learning.dataset.split import normal
from learning.errors import DatasetError
from learning.reading.bad_rows import BadRow, RefuseFirst, Remarks
from learning.reading.csv_rows import csv_rows
from learning.reading.decoding import detected, known
from learning.reading.file_kind import kind
from learning.reading.json_rows import JsonRows
from learning.reading.mail_text import mail_text
from learning.reading.opening import opened, remote
from learning.reading.parquet_rows import parquet_rows
from learning.reading.source import Cells, Source
from learning.reading.times import TimeError, parse_time

_UNDECODED: Final = re.compile("[\udc80-\udcff]")
"""The characters that Python substitutes for bytes that it cannot decode."""
_REMOTE_BLOCKS: Final = 8
"""MiB of a remote file to detect its encoding from, so that it is not downloaded twice."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row: its text, its label, when it was labelled (Unix seconds, or ""), and its place."""

    text: str
    label: str
    when: str
    where: str


class _CellError(ValueError):
    """A cell cannot be used; the message says why."""


def identity(text: str) -> str:
    """Return the id of an imported text; case and spacing do not matter."""
    return f"import:{hashlib.sha256(normal(text).encode()).hexdigest()[:24]}"


def read(source: Source, remarks: Remarks | None = None) -> Iterator[Labelled]:
    """Yield the labelled rows of a CSV, JSON lines or Parquet file, or of a training file.

    Pass bad rows to `remarks`. Raise DatasetError if the file as a whole cannot be read.
    """
    remarks = remarks or RefuseFirst()
    for cells in _cells(source, remarks, labelled=True):
        try:
            row = _labelled(cells, source)
        except _CellError as error:
            remarks.bad(BadRow(cells.where, str(error)))
        else:
            yield row


def texts(source: Source, remarks: Remarks | None = None) -> Iterator[str]:
    """Yield the text of each row or line, empty texts included; errors are those of `read`."""
    remarks = remarks or RefuseFirst()
    for cells in _cells(source, remarks, labelled=False):
        try:
            text = _text(cells, source)
        except _CellError as error:
            remarks.bad(BadRow(cells.where, str(error)))
        else:
            yield text


def _cells(source: Source, remarks: Remarks, *, labelled: bool) -> Iterator[Cells]:
    try:
        with opened(source.name) as raw:
            what = kind(raw, source, labelled=labelled)
            if what == "parquet":
                yield from parquet_rows(raw, source, labelled=labelled)
                return
            encoding = _encoding(raw, source, remarks)
            with io.TextIOWrapper(
                raw,
                encoding=encoding,
                errors="surrogateescape",
                newline="" if what == "csv" else "\n",
            ) as file:
                yield from _rows(what, file, source, remarks, labelled=labelled)
    except UnicodeError as error:
        raise DatasetError(
            f"{source.name}: cannot be read as text: {error}. Name its encoding with --encoding."
        ) from None


def _rows(
    what: str, file: io.TextIOWrapper, source: Source, remarks: Remarks, *, labelled: bool
) -> Iterator[Cells]:
    if what == "csv":
        return csv_rows(file, source, remarks, labelled=labelled)
    if what == "json":
        return JsonRows(source, labelled=labelled)(file, remarks)
    return _lines(file, source)


def _lines(file: Iterable[str], source: Source) -> Iterator[Cells]:
    for number, line in enumerate(file, start=1):
        bare = line.removeprefix("\ufeff").rstrip("\r\n")
        if bare.strip():
            yield Cells([bare], None, None, f"{source.name}, line {number}", ours=True)


def _encoding(raw: BinaryIO, source: Source, remarks: Remarks) -> str:
    if source.encoding is not None:
        return known(source.encoding)
    found = detected(raw, _REMOTE_BLOCKS if remote(source.name) else None)
    if found != "utf-8-sig":
        remarks.note(f"{source.name}: read as {found}. If texts look wrong, set --encoding.")
    return found


def _labelled(cells: Cells, source: Source) -> Labelled:
    text, label = _text(cells, source), _label(cells.label, source)
    if not text.strip():
        raise _CellError(f"needs a text, but {_names(source, 'empty')}")
    try:
        when = parse_time(cells.when)
    except TimeError as error:
        raise _CellError(f'"{source.columns.when or "when"}" {error}') from None
    return Labelled(text, label, when, cells.where)


def _names(source: Source, state: str) -> str:
    names = [f'"{printable(name)}"' for name in source.columns.text]
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {state}"


def _text(cells: Cells, source: Source) -> str:
    named = zip(cells.text, source.columns.text, strict=False)  # a chat has a single text
    parts = [_whole(part, name) for part, name in named if part is not None]
    if not parts:
        raise _CellError(f"needs a text, but {_names(source, 'missing or null')}")
    if not cells.ours:
        parts = [mail_text(part) for part in parts]
    return parts[0] if len(parts) == 1 else "\n\n".join(filter(str.strip, parts))


def _whole(given: object, name: str) -> str:
    """Return a cell as well-formed text; raise _CellError if it is not text or not decoded."""
    if not isinstance(given, str):
        raise _CellError(f'"{printable(name)}" is {_kind_of(given)}, not text')
    if given.isascii():
        return given
    if undecoded := _UNDECODED.search(given):
        byte = ord(undecoded[0]) - 0xDC00
        raise _CellError(
            f'"{printable(name)}" has a byte (0x{byte:02x}) that is invalid in the file\'s '
            "encoding. Correct the file, or name the right encoding with --encoding"
        )
    return well_formed(given)


def _kind_of(given: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(given), "an object" if isinstance(given, dict) else "something else")


def _label(given: object, source: Source) -> str:
    name = source.columns.label
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if given is None:
        raise _CellError(f'needs a label, but "{printable(name)}" is missing or null')
    label = _whole(given, name)
    if not label.strip():
        raise _CellError(f'needs a label, but "{printable(name)}" is empty')
    return label
