"""A file to read: its name, its relevant columns, and its encoding if it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import category, normalize

from classifiers.plural import plural
from classifiers.printable import printable
from learning.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns (or JSON keys); several of `text` are joined by a blank line.

    `when` is None for the column "when", if the file has it.
    """

    text: tuple[str, ...] = ("text",)
    label: str = "label"
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file: `name` is a path, an address such as s3://bucket/key, or - for standard input.

    `encoding` is None to detect it. `labels` are names that rows are expected to carry; a quote
    that is never closed is found by them.
    """

    name: str
    columns: Columns = Columns()
    encoding: str | None = None
    labels: frozenset[str] = frozenset()


class Cells(NamedTuple):
    """The cells of a row that matter, as the file has them, and where the row is.

    `ours` is True for a row that this program exported: its text is taken as it is.
    """

    text: Sequence[object]
    label: object
    when: object
    where: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Places:
    """Positions of the columns that matter."""

    text: tuple[int, ...]
    label: int | None
    when: int | None
    ours: bool

    @property
    def all(self) -> list[int]:
        """Return every position, each once."""
        found = [*self.text, self.label, self.when]
        return sorted({one for one in found if one is not None})


class MissingColumnError(DatasetError):
    """A file lacks a column that is needed."""


def loose(name: str) -> str:
    """Return a name of a column or label as it is compared.

    Case, outer spaces, full-width forms and characters that nobody sees make no difference.
    """
    if not name.isascii():
        name = "".join(one for one in normalize("NFKC", name) if category(one) != "Cf")
    return name.strip().casefold()


def place(names: Sequence[str], wanted: str, where: str) -> int | None:
    """Return a column's position, in any letter case; raise DatasetError if it is repeated."""
    exact = [number for number, name in enumerate(names) if name == wanted]
    found = exact or [number for number, name in enumerate(names) if loose(name) == loose(wanted)]
    if len(found) > 1:
        raise DatasetError(
            f'{where}: the column "{printable(wanted)}" is there {plural(len(found), "time")}. '
            "Rename all but one of them."
        )
    return found[0] if found else None


def places(names: Sequence[str], columns: Columns, where: str, *, labelled: bool) -> Places:
    """Return where the columns are; MissingColumnError names what is missing and what there is."""
    text = [_needed(names, one, "--text", where) for one in columns.text]
    label = _needed(names, columns.label, "--label", where) if labelled else None
    when = None
    if labelled and columns.when is not None:
        when = _needed(names, columns.when, "--when", where)
    elif labelled:
        when = place(names, "when", where)
    return Places(tuple(text), label, when, "label_set" in names)


def _needed(names: Sequence[str], wanted: str, option: str, where: str) -> int:
    found = place(names, wanted, where)
    if found is None:
        there = ", ".join(f'"{printable(name)}"' for name in names[:30]) or "none"
        raise MissingColumnError(
            f'{where}: no column "{printable(wanted)}". The columns are {there}. '
            f"Name the right column with {option}."
        )
    return found
