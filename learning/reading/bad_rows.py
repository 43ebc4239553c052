"""Rows that cannot be used; the caller decides what happens to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from classifiers.plural import plural
from learning.errors import DatasetError

LISTED: Final = 20
"""Bad rows that one refusal lists; the rest are counted."""


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
        """Take a remark on the whole file, such as the encoding that was detected."""
        ...

    def bad(self, row: BadRow) -> None:
        """Take a bad row; the reader goes on with the next one unless this raises."""
        ...


def silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class RefuseFirst:
    """Stop at the first bad row: for files that are used while they are read."""

    tell: Callable[[str], None] = silent

    def note(self, words: str) -> None:
        """Pass the remark on."""
        self.tell(words)

    def bad(self, row: BadRow) -> None:
        """Raise DatasetError."""
        raise DatasetError(f"{row}. Correct the row, or skip bad rows with --skip-bad.")


@dataclass(slots=True)
class RefuseAll:
    """Collect the bad rows to the end, then refuse: for files that are read before use."""

    tell: Callable[[str], None] = silent
    rows: list[BadRow] = field(default_factory=list)
    count: int = 0

    def note(self, words: str) -> None:
        """Pass the remark on."""
        self.tell(words)

    def bad(self, row: BadRow) -> None:
        """Keep the first 20 and count all."""
        self.count += 1
        if self.count <= LISTED:
            self.rows.append(row)


@dataclass(slots=True)
class SkipBad:
    """Leave bad rows out, and report the line and reason of each."""

    tell: Callable[[str], None] = silent
    count: int = 0

    def note(self, words: str) -> None:
        """Pass the remark on."""
        self.tell(words)

    def bad(self, row: BadRow) -> None:
        """Report and count it."""
        self.count += 1
        self.tell(f"Skipped {row}")


Taking = RefuseFirst | RefuseAll | SkipBad


def refusal(remarks: Remarks) -> list[str]:
    """Return the lines that refuse a file for the bad rows that were kept; none without any."""
    if not isinstance(remarks, RefuseAll) or not remarks.count:
        return []
    lines = [str(row) for row in remarks.rows]
    if remarks.count > LISTED:
        lines.append(f"and {plural(remarks.count - LISTED, 'more bad row')}")
    return [*lines, "Nothing was stored. Correct the rows, or leave them out with --skip-bad."]
