"""Writes JSON lines, and CSV for spreadsheets."""

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
    """Writes one JSON object per line, in UTF-8."""

    def __init__(self, path: Path) -> None:
        self._whole = WholeFile(path)
        self._labels: Counter[str] = Counter()

    def add(self, rows: Sequence[Row]) -> None:
        """Write rows."""
        self._labels.update(row.label for row in rows)
        self._whole.file.write(self._rendered(rows).encode())

    def _rendered(self, rows: Sequence[Row]) -> str:
        return "".join(_JSON(row._asdict()) + "\n" for row in rows)

    def finish(self) -> Written:
        """Publish the file."""
        self._whole.publish()
        files = (("File", self._whole.path, self._labels.total()),)
        return Written(files, self._labels)

    def close(self) -> None:
        """Delete the unfinished file."""
        self._whole.__exit__(None, None, None)


class CsvWriter(JsonlWriter):
    """Writes CSV as in RFC 4180, with a header and a byte-order mark, so that Excel reads UTF-8."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._whole.file.write(("\ufeff" + ",".join(COLUMNS) + "\r\n").encode())

    def _rendered(self, rows: Sequence[Row]) -> str:
        buffer = io.StringIO(newline="")
        write = csv.writer(buffer).writerow
        for row in rows:
            write((cell(row.text), cell(row.label), row.source, row.label_set, row.when))
        return buffer.getvalue()
