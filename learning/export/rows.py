"""The rows, results and interface that all export formats share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """A row of an export: an example with its text redacted."""

    text: str
    label: str
    source: str
    label_set: str
    when: str


@dataclass(frozen=True, slots=True)
class Written:
    """The result of an export: files as (kind, path, examples), counts per label, and remarks.

    `beside` lists files without examples, which an import of the other files reads.
    """

    files: tuple[tuple[str, Path, int], ...]
    labels: Counter[str]
    left_out: Counter[str] = field(default_factory=Counter)
    remarks: tuple[str, ...] = ()
    beside: tuple[Path, ...] = ()


class Writer(Protocol):
    """A writer of a format; without `finish`, existing files stay unchanged."""

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        ...

    def finish(self) -> Written:
        """Complete and publish the files."""
        ...

    def close(self) -> None:
        """Delete unfinished files."""
        ...
