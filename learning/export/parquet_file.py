"""Writes Parquet files with pyarrow, an optional dependency."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from learning.export.plain_file import COLUMNS
from learning.export.rows import Row, Written
from learning.export.whole_file import WholeFile
from learning.reading.parquet_rows import pyarrow

_GROUP = 10_000  # rows per row group: they are held in memory, and readers skip by group


class ParquetWriter:
    """Writes one string column per field of Row, in row groups of 10,000."""

    def __init__(self, path: Path) -> None:
        self._arrow, parquet = pyarrow("pyarrow"), pyarrow("pyarrow.parquet")
        # The system's allocator returns freed memory: the peak is a quarter lower.
        self._arrow.set_memory_pool(self._arrow.system_memory_pool())
        self._schema = self._arrow.schema([(name, self._arrow.string()) for name in COLUMNS])
        self._whole = WholeFile(path)
        self._file = parquet.ParquetWriter(self._whole.file, self._schema, compression="zstd")
        self._labels: Counter[str] = Counter()
        self._rows: list[Row] = []

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows; write them to the file in groups of 10,000."""
        self._rows += rows
        if len(self._rows) >= _GROUP:
            self._write()

    def _write(self) -> None:
        self._labels.update(row.label for row in self._rows)
        columns = [self._column([getattr(row, name) for row in self._rows]) for name in COLUMNS]
        self._file.write_table(self._arrow.Table.from_arrays(columns, schema=self._schema))
        self._rows = []

    def _column(self, values: Sequence[str]) -> Any:
        """Return strings as an Arrow array; `pyarrow.array` would import pandas if installed."""
        encoded = [value.encode() for value in values]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
        buffers = [None, self._arrow.py_buffer(ends), self._arrow.py_buffer(b"".join(encoded))]
        return self._arrow.Array.from_buffers(self._arrow.string(), len(encoded), buffers)

    def finish(self) -> Written:
        """Write the remaining rows, and publish the file."""
        self._write()
        self._file.close()
        self._whole.publish()
        files = (("File", self._whole.path, self._labels.total()),)
        return Written(files, self._labels)

    def close(self) -> None:
        """Delete the unfinished file."""
        self._file.close()
        self._whole.__exit__(None, None, None)
