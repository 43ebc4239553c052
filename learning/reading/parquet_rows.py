"""Rows of a Parquet file: only the columns that matter are read."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from learning.errors import DatasetError
from learning.reading.source import Cells, Source, places

_ROWS = 1_000


def parquet_rows(raw: BinaryIO, source: Source, *, labelled: bool) -> Iterator[Cells]:
    """Yield the cells that matter of each row."""
    arrow, parquet = pyarrow("pyarrow"), pyarrow("pyarrow.parquet")
    try:
        with parquet.ParquetFile(raw) as file:
            names = file.schema_arrow.names
            at = places(names, source.columns, source.name, labelled=labelled)
            number = 0
            for batch in file.iter_batches(_ROWS, columns=[names[one] for one in at.all]):
                read = {names[one]: _values(batch.column(names[one])) for one in at.all}
                text = [read[names[one]] for one in at.text]
                nothing = [None] * len(text[0])
                label = nothing if at.label is None else read[names[at.label]]
                when = nothing if at.when is None else read[names[at.when]]
                for row in zip(zip(*text, strict=True), label, when, strict=True):
                    number += 1
                    yield Cells(*row, f"{source.name}, row {number}", at.ours)
    except (arrow.ArrowException, OSError, ValueError, NotImplementedError) as error:
        raise DatasetError(
            f"{source.name}: cannot be read as Parquet: {str(error)[:200]}"
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
    """A module of pyarrow; DatasetError says how to install it."""
    from importlib import import_module  # noqa: PLC0415 - an extra

    try:
        return import_module(module)
    except ImportError:
        raise DatasetError(
            "Parquet needs pyarrow: pip install 'support-triage[parquet]', or use jsonl or csv"
        ) from None
