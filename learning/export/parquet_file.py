"""Exports for data tools: Parquet, by pyarrow, which is an extra."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from learning.export.plain_file import COLUMNS
from learning.export.rows import Row, Written
from learning.export.whole_file import WholeFile
from learning.reading.parquet_rows import pyarrow

_GROUP = 10_000  # rows of a row group: what is held in memory, and what readers skip by


class ParquetWriter:
    """One column a field of Row, all strings, in row groups of 10,000."""

    def __init__(self, path: Path) -> None:
        self._arrow, parquet = pyarrow("pyarrow"), pyarrow("pyarrow.parquet")
        # The system's allocator gives back what it was lent: a quarter less at the peak.
        self._arrow.set_memory_pool(self._arrow.system_memory_pool())
        self._schema = self._arrow.schema([(name, self._arrow.string()) for name in COLUMNS])
        self._whole = WholeFile(path)
        self._file = parquet.ParquetWriter(self._whole.file, self._schema, compression="zstd")
        self._labels: Counter[str] = Counter()
        self._rows: list[Row] = []

    def add(self, rows: Sequence[Row]) -> None:
        """Take some rows in; every 10,000 go to the file."""
        self._rows += rows
        if len(self._rows) >= _GROUP:
            self._write()

    def _write(self) -> None:
        self._labels.update(one.label for one in self._rows)
        columns = [self._column([getattr(one, name) for one in self._rows]) for name in COLUMNS]
        self._file.write_table(self._arrow.Table.from_arrays(columns, schema=self._schema))
        self._rows = []

    def _column(self, values: Sequence[str]) -> Any:
        """Strings as Arrow has them; `pyarrow.array` would load pandas where that is installed."""
        encoded = [one.encode() for one in values]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
        buffers = [None, self._arrow.py_buffer(ends), self._arrow.py_buffer(b"".join(encoded))]
        return self._arrow.Array.from_buffers(self._arrow.string(), len(encoded), buffers)

    def finish(self) -> Written:
        """Write what is left, and put the file in its place."""
        self._write()
        self._file.close()
        self._whole.publish()
        files = (("File", self._whole.path, self._labels.total()),)
        return Written(files, self._labels)

    def close(self) -> None:
        """Take the unfinished file away."""
        self._file.close()
        self._whole.__exit__(None, None, None)
