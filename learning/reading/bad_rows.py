"""Policies for rows that cannot be used: refuse the first, collect all, or skip."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from classifiers.plural import plural
from learning.errors import DatasetError

LISTED: Final = 20
"""The most bad rows that an error lists; the rest are counted."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: its file and line, and the reason."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class Remarks(Protocol):
    """Receives the remarks of a reader while it reads."""

    def note(self, words: str) -> None:
        """Receive a remark on the whole file, such as its detected encoding."""
        ...

    def bad(self, row: BadRow) -> None:
        """Receive a bad row; the reader continues with the next row unless this raises."""
        ...


def silent(_: str) -> None:
    """Ignore a remark."""


@dataclass(frozen=True, slots=True)
class RefuseFirst:
    """Stops at the first bad row: for files whose rows are used while the file is read."""

    tell: Callable[[str], None] = silent

    def note(self, words: str) -> None:
        """Pass the remark on."""
        self.tell(words)

    def bad(self, row: BadRow) -> None:
        """Raise DatasetError with the row's place and reason."""
        raise DatasetError(f"{row}. Correct the row, or skip bad rows with --skip-bad.")


@dataclass(slots=True)
class RefuseAll:
    """Collects all bad rows for a single error: for files that are read before use."""

    tell: Callable[[str], None] = silent
    rows: list[BadRow] = field(default_factory=list)
    count: int = 0

    def note(self, words: str) -> None:
        """Pass the remark on."""
        self.tell(words)

    def bad(self, row: BadRow) -> None:
        """Count the row, and keep it if it is among the first 20."""
        self.count += 1
        if self.count <= LISTED:
            self.rows.append(row)


@dataclass(slots=True)
class SkipBad:
    """Skips bad rows, and reports the line and reason of each."""

    tell: Callable[[str], None] = silent
    count: int = 0

    def note(self, words: str) -> None:
        """Pass the remark on."""
        self.tell(words)

    def bad(self, row: BadRow) -> None:
        """Report and count the row."""
        self.count += 1
        self.tell(f"Skipped {row}")


BadRowPolicy = RefuseFirst | RefuseAll | SkipBad


def refusal(remarks: Remarks) -> list[str]:
    """Return the lines of an error that lists the collected bad rows; empty if there are none."""
    if not isinstance(remarks, RefuseAll) or not remarks.count:
        return []
    lines = [str(row) for row in remarks.rows]
    if remarks.count > LISTED:
        lines.append(f"and {plural(remarks.count - LISTED, 'more bad row')}")
    return [*lines, "Nothing was stored. Correct the rows, or skip them with --skip-bad."]
