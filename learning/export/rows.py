"""What every export format takes, and what it says it made."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """One line of an export: an example as it may leave the house."""

    text: str
    label: str
    source: str
    label_set: str
    when: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a format made: (what it is, where, examples in it), counts per label, and remarks.

    `beside` are files without examples of their own, which an import of the others reads.
    """

    files: tuple[tuple[str, Path, int], ...]
    labels: Counter[str]
    left_out: Counter[str] = field(default_factory=Counter)
    remarks: tuple[str, ...] = ()
    beside: tuple[Path, ...] = ()


class Writer(Protocol):
    """A format being written; left without `finish` it leaves the files as they were."""

    def add(self, rows: Sequence[Row]) -> None:
        """Take some rows in."""
        ...

    def finish(self) -> Written:
        """Complete the files and put them in their places."""
        ...

    def close(self) -> None:
        """Give up what is not finished."""
        ...
