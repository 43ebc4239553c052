"""Reads the rows of a Parquet file: only the relevant columns."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from learning.errors import DatasetError
from learning.reading.source import Cells, Source, places

_ROWS = 1_000


def parquet_rows(raw: BinaryIO, source: Source, *, labelled: bool) -> Iterator[Cells]:
    """Yield the relevant cells of each row; raise DatasetError if the file is not valid Parquet."""
    arrow, parquet = pyarrow("pyarrow"), pyarrow("pyarrow.parquet")
    try:
        with parquet.ParquetFile(raw) as file:
            names = file.schema_arrow.names
            at = places(names, source.columns, source.name, labelled=labelled)
            number = 0
            columns = [names[position] for position in at.all]
            for batch in file.iter_batches(_ROWS, columns=columns):
                values = {name: _values(batch.column(name)) for name in columns}
                text = [values[names[position]] for position in at.text]
                missing = [None] * len(text[0])
                label = missing if at.label is None else values[names[at.label]]
                when = missing if at.when is None else values[names[at.when]]
                for row in zip(zip(*text, strict=True), label, when, strict=True):
                    number += 1
                    yield Cells(*row, f"{source.name}, row {number}", at.ours)
    except (arrow.ArrowException, OSError, ValueError, NotImplementedError) as error:
        raise DatasetError(
            f"{source.name}: not a valid Parquet file: {str(error)[:200]}. Export it again."
        ) from None


def _values(column: Any) -> list[Any]:
    arrow = pyarrow("pyarrow")
    if arrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if arrow.types.is_timestamp(column.type):
        column = column.cast(arrow.timestamp("us"), safe=False)  # UTC
    values: list[Any] = column.to_pylist()
    return values


def pyarrow(module: str) -> Any:
    """Return a module of pyarrow; raise DatasetError if it is not installed."""
    from importlib import import_module  # noqa: PLC0415 - an extra

    try:
        return import_module(module)
    except ImportError:
        raise DatasetError(
            "Parquet needs pyarrow. Run: pip install 'support-triage[parquet]', "
            "or use jsonl or csv."
        ) from None
