"""Reads CSV strictly: reports each damaged row, and recovers at the next row."""

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from classifiers.plural import plural
from learning.errors import DatasetError
from learning.reading.bad_rows import BadRow, Remarks
from learning.reading.source import (
    Cells,
    MissingColumnError,
    Places,
    Source,
    loose,
    places,
)
from learning.reading.spreadsheet import uncell

DELIMITERS: Final[tuple[str, ...]] = (",", ";", "\t", "|")
RECORD_MAX: Final = 1 << 20
"""The longest record in characters; an unclosed quote is found at this length."""
_SEP = re.compile(r'"?sep=([^"\r\n])"?[\r\n]*', re.IGNORECASE)
_SEEN_MAX: Final = 1_000

csv.field_size_limit(RECORD_MAX)  # global; no other code in this process reads CSV


class _Lines:
    """The lines of a file; `back` rereads the current record from its second line.

    An unclosed quote makes one record of many rows: this recovers all but the first.
    """

    def __init__(self, file: Iterable[str]) -> None:
        self._file = iter(file)
        self._again: deque[str] = deque()
        self._size = 0
        self.number = 0
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._size > RECORD_MAX:
            raise csv.Error("too long")
        line = self._again.popleft() if self._again else next(self._file)
        self.number += 1
        self._size += len(line)
        self.record.append(line)
        return line

    def begin(self) -> int:
        """Begin a record, and return the number of its first line."""
        self.record.clear()
        self._size = 0
        return self.number + 1

    def back(self) -> None:
        """Go back to the second line of this record."""
        self._again.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record[1:])


class _Shape:
    """The expected shape of rows: the header, its delimiter, and the labels seen so far."""

    def __init__(
        self, header: list[str], delimiter: str, at: Places, labels: Iterable[str]
    ) -> None:
        self.header, self.delimiter, self.at = header, delimiter, at
        self._names = [loose(name) for name in header]
        self._labels = {loose(label) for label in labels}

    def fault(self, record: list[str]) -> str | None:
        """Return the fault of a record, or None."""
        width = len(self.header)
        if len(record) < width or any(map(str.strip, record[width:])):
            return (
                f"{plural(len(record), 'field')}, but the header has {width}; "
                "put a text with a delimiter or a line break in quotes"
            )
        if loose(record[0]) == self._names[0] and list(map(loose, record)) == self._names:
            return "the header is repeated"
        if self.at.label is not None and len(self._labels) < _SEEN_MAX:
            self._labels.add(loose(record[self.at.label]))
        return None

    def swallows(self, lines: list[str]) -> bool:
        """Return True if a quote that is not closed has probably joined several rows."""
        first, *rest = lines
        return self._is_row(first.replace('"', "")) and any(map(self._is_row, rest))

    def _is_row(self, line: str) -> bool:
        row = next(csv.reader([line], delimiter=self.delimiter), [])
        if self.at.label is None or len(row) != len(self.header):
            return False
        return loose(row[self.at.label]) in self._labels


def csv_rows(
    file: Iterable[str], source: Source, remarks: Remarks, *, labelled: bool
) -> Iterator[Cells]:
    """Yield the relevant cells of each row; skip blank rows."""
    lines = _Lines(file)
    shape = _shape(lines, source, labelled=labelled)
    reader = csv.reader(lines, delimiter=shape.delimiter, strict=True)
    at = shape.at
    while True:
        first = lines.begin()
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            remarks.bad(BadRow(f"{source.name}, line {first}", _words(error)))
            lines.back()
            continue
        if not any(map(str.strip, record)):
            continue
        where = f"{source.name}, line {first}"
        if len(lines.record) > 1 and shape.swallows(lines.record):
            remarks.bad(BadRow(where, "a quote is opened but not closed before the next row"))
            lines.back()
            continue
        if (fault := shape.fault(record)) is not None:
            remarks.bad(BadRow(where, fault))
            continue
        label = None if at.label is None else uncell(record[at.label])
        when = None if at.when is None else record[at.when]
        texts = [uncell(record[position]) for position in at.text]
        yield Cells(texts, label, when, where, at.ours)


def _words(error: csv.Error) -> str:
    if "limit" in str(error) or "too long" in str(error):
        return f"longer than {RECORD_MAX:,} characters; a quote may not be closed"
    return 'a quote is not closed, or not doubled inside quotes; write it twice there ("")'


def _shape(lines: _Lines, source: Source, *, labelled: bool) -> _Shape:
    """Read the header, which may follow a line such as sep=; from Excel."""
    delimiters, header = DELIMITERS, next(lines, "").removeprefix("\ufeff")
    while header and not header.strip():
        header = next(lines, "")
    if not header:
        raise DatasetError(f"{source.name}: the file is empty. Export it again.")
    if declared := _SEP.fullmatch(header):
        delimiters, header = (declared[1],), next(lines, "")
    where = f"{source.name}, line {lines.number}"
    while header.count('"') % 2 and (more := next(lines, "")):
        header += more
    missing: list[tuple[int, MissingColumnError]] = []
    for delimiter in delimiters:
        names = _header(header, delimiter)
        if names is None:
            continue
        try:
            at = places(names, source.columns, where, labelled=labelled)
        except MissingColumnError as error:
            missing.append((len(names), error))
        else:
            return _Shape(names, delimiter, at, source.labels)
    if missing:
        raise max(missing, key=lambda found: found[0])[1]
    raise DatasetError(f"{where}: not a CSV header: a quote in it is not closed. Close the quote.")


def header_fits(line: str, fits: Callable[[list[str]], bool]) -> bool:
    """Return True if, with any delimiter, a line has several columns and `fits` accepts them."""
    rows = (next(csv.reader([line], delimiter=delimiter), []) for delimiter in DELIMITERS)
    return any(len(names) > 1 and fits(names) for names in rows)


def _header(text: str, delimiter: str) -> list[str] | None:
    """Return the column names, or None if the quotes do not fit the delimiter."""
    lines = io.StringIO(text, newline="")
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
