"""Exports that people and other programs read: JSON lines, and CSV for spreadsheets."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from learning.export.rows import Row, Written
from learning.export.whole_file import WholeFile
from learning.reading.spreadsheet import cell

COLUMNS = Row._fields
_JSON = json.JSONEncoder(ensure_ascii=False).encode


class JsonlWriter:
    """One JSON object a line, UTF-8."""

    def __init__(self, path: Path) -> None:
        self._whole = WholeFile(path)
        self._labels: Counter[str] = Counter()

    def add(self, rows: Sequence[Row]) -> None:
        """Write some rows."""
        self._labels.update(one.label for one in rows)
        self._whole.file.write(self._rendered(rows).encode())

    def _rendered(self, rows: Sequence[Row]) -> str:
        return "".join(_JSON(one._asdict()) + "\n" for one in rows)

    def finish(self) -> Written:
        """Put the file in its place."""
        self._whole.publish()
        files = (("File", self._whole.path, self._labels.total()),)
        return Written(files, self._labels)

    def close(self) -> None:
        """Take the unfinished file away."""
        self._whole.__exit__(None, None, None)


class CsvWriter(JsonlWriter):
    """CSV after RFC 4180 with a header and a byte order mark, by which Excel knows UTF-8."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._whole.file.write(("\ufeff" + ",".join(COLUMNS) + "\r\n").encode())

    def _rendered(self, rows: Sequence[Row]) -> str:
        buffer = io.StringIO(newline="")
        write = csv.writer(buffer).writerow
        for one in rows:
            write((cell(one.text), cell(one.label), one.source, one.label_set, one.when))
        return buffer.getvalue()
