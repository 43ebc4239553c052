"""Examples out of the house, page by page: what is written, what is left out, and why."""

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
    """The writer of one of FORMATS; DatasetError where the path or the format is not possible."""
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
            raise DatasetError(f'format "{kind}": none of {", ".join(FORMATS)}')


def since_when(words: str, now: datetime) -> float:
    """Unix seconds of a day such as `2026-11-01` (UTC) or of some days ago such as `30d`."""
    if ago := _AGO.fullmatch(words):
        return (now - timedelta(days=int(ago[1]))).timestamp()
    try:
        day = datetime.fromisoformat(words)
    except ValueError:
        raise DatasetError(f'since "{words}": write a day as 2026-11-01, or 30d') from None
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
        """Examples in all files."""
        return sum(count for _, _, count in self.written.files)

    @property
    def summary(self) -> str:
        """What was written, per label, and what was left out and why; one thing a line."""
        lines = [f"{what} created: {path}" for what, path, _ in self.written.files]
        lines += [
            f"Originals of the texts that the prompt changes, for an import: {path}"
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
    for one in page:
        if one.label not in names:
            left_out[f"no label now: {one.label}"] += 1
        elif float(one.when) < since:
            left_out["older than asked for"] += 1
        elif not has_words(one.text):
            left_out["nothing to read in the text"] += 1
        else:
            text = redact(one.text).text
            rows.append(Row(text, one.label, one.source, one.label_set, one.when))
    return rows


async def export(
    examples: Examples, team: str, kind: str, label_set: LabelSet, path: Path, since: float = 0.0
) -> Exported:
    """Write a workspace's examples to `path` in one of FORMATS, the oldest position first.

    Memory does not grow with their number but for a few bytes each, and the event loop stays
    free. Cut off anywhere, the files are whole or as they were.
    """
    names, left_out = frozenset(label_set.names), Counter[str]()
    to = await asyncio.to_thread(writer, kind, label_set, path)

    def take(page: Sequence[StoredExample]) -> None:
        to.add(_rows(page, names, since, left_out))

    try:
        position, until = "0", await examples.last(team)
        taking = asyncio.create_task(asyncio.sleep(0))
        while True:
            reached, page = await examples.page(team, position, until, _PAGE)
            await taking
            if reached == position:
                break
            position = reached
            taking = asyncio.create_task(asyncio.to_thread(take, page))
        return Exported(kind, label_set, await asyncio.to_thread(to.finish), left_out)
    finally:
        to.close()
