"""Exports examples page by page, and reports those left out with reasons."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from classifiers.base import LabelSet
from classifiers.redaction.redact import redact
from classifiers.text import has_words
from learning.errors import DatasetError
from learning.export.openai_file import OpenAiWriter
from learning.export.parquet_file import ParquetWriter
from learning.export.plain_file import CsvWriter, JsonlWriter
from learning.export.rows import Row, Writer, Written
from storage.examples.examples import Examples, StoredExample

SUFFIX = {"openai": "jsonl", "jsonl": "jsonl", "csv": "csv", "parquet": "parquet"}
FORMATS = tuple(SUFFIX)
_PAGE = 500
_AGO = re.compile(r"(\d{1,5})d")


def writer(kind: str, label_set: LabelSet, path: Path) -> Writer:
    """Return the writer of a format; raise DatasetError if format or path cannot be used."""
    match kind:
        case "openai":
            return OpenAiWriter(label_set, path)
        case "parquet":
            return ParquetWriter(path)
        case "csv":
            return CsvWriter(path)
        case "jsonl":
            return JsonlWriter(path)
        case _:
            raise DatasetError(f'unknown format "{kind}". Use one of {", ".join(FORMATS)}.')


def since_when(words: str, now: datetime) -> float:
    """Return Unix seconds for a day such as `2026-11-01` (UTC), or for days ago such as `30d`."""
    if ago := _AGO.fullmatch(words):
        return (now - timedelta(days=int(ago[1]))).timestamp()
    try:
        day = datetime.fromisoformat(words)
    except ValueError:
        raise DatasetError(
            f'since: "{words}" is not a day. Write a day such as 2026-11-01, or 30d for 30 days.'
        ) from None
    return (day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export."""

    kind: str
    label_set: LabelSet
    written: Written
    left_out: Counter[str]

    @property
    def total(self) -> int:
        """Return the number of examples in all files."""
        return sum(count for _, _, count in self.written.files)

    @property
    def summary(self) -> str:
        """Return lines with the files, examples per label, and examples left out with reasons."""
        lines = [f"{what} created: {path}" for what, path, _ in self.written.files]
        lines += [
            f"Original texts, which an import of the files needs: {path}"
            for path in self.written.beside
        ]
        lines.append(f"Total examples: {self.total}")
        if len(self.written.files) > 1:
            shares = [f"{count} in {path.name}" for _, path, count in self.written.files]
            lines.append(f"  {', '.join(shares)}")
        lines += [f"  {name}: {self.written.labels[name]}" for name in self.label_set.names]
        left_out = self.left_out + self.written.left_out
        lines += [f"Left out, {reason}: {count}" for reason, count in sorted(left_out.items())]
        return "\n".join([*lines, *self.written.remarks])


def _rows(
    page: Sequence[StoredExample], names: frozenset[str], since: float, left_out: Counter[str]
) -> list[Row]:
    rows = []
    for example in page:
        if example.label not in names:
            left_out[f"label not in triage.toml: {example.label}"] += 1
        elif float(example.when) < since:
            left_out["older than requested"] += 1
        elif not has_words(example.text):
            left_out["no letters or digits in the text"] += 1
        else:
            text = redact(example.text).text
            rows.append(Row(text, example.label, example.source, example.label_set, example.when))
    return rows


async def export(
    examples: Examples, team: str, kind: str, label_set: LabelSet, path: Path, since: float = 0.0
) -> Exported:
    """Write a workspace's examples to `path` in one of FORMATS, oldest position first.

    Memory grows by a few bytes per example, and the event loop is not blocked. An interrupted
    export leaves each file complete or unchanged. Raise DatasetError if `path` or `kind` cannot
    be used.
    """
    names, left_out = frozenset(label_set.names), Counter[str]()
    to = await asyncio.to_thread(writer, kind, label_set, path)

    def add(page: Sequence[StoredExample]) -> None:
        to.add(_rows(page, names, since, left_out))

    try:
        position, until = "0", await examples.last(team)
        writing = asyncio.create_task(asyncio.sleep(0))
        while True:
            reached, page = await examples.page(team, position, until, _PAGE)
            await writing
            if reached == position:
                break
            position = reached
            writing = asyncio.create_task(asyncio.to_thread(add, page))
        return Exported(kind, label_set, await asyncio.to_thread(to.finish), left_out)
    finally:
        to.close()
