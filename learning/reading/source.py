"""Describes a file to read: its name, its relevant columns and its encoding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import category, normalize

from classifiers.plural import plural
from classifiers.printable import printable
from learning.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns or JSON keys to read; texts are joined by a blank line.

    If `when` is None, the column "when" is read if the file has it.
    """

    text: tuple[str, ...] = ("text",)
    label: str = "label"
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file: `name` is a path, an address such as s3://bucket/key, or - for standard input.

    If `encoding` is None, it is detected. `labels` are the labels that rows are expected to have;
    they help to find a quote that is not closed.
    """

    name: str
    columns: Columns = Columns()
    encoding: str | None = None
    labels: frozenset[str] = frozenset()


class Cells(NamedTuple):
    """The relevant cells of a row, unchanged, and the row's place.

    `ours` is True for a row that this program exported: its text needs no cleaning.
    """

    text: Sequence[object]
    label: object
    when: object
    where: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Places:
    """The positions of the relevant columns."""

    text: tuple[int, ...]
    label: int | None
    when: int | None
    ours: bool

    @property
    def all(self) -> list[int]:
        """Return the distinct positions, sorted."""
        found = [*self.text, self.label, self.when]
        return sorted({position for position in found if position is not None})


class MissingColumnError(DatasetError):
    """A file has no column of a required name."""


def loose(name: str) -> str:
    """Return a column or label name in the form that is compared.

    Case, outer spaces, full-width forms and invisible characters do not matter.
    """
    if not name.isascii():
        name = "".join(char for char in normalize("NFKC", name) if category(char) != "Cf")
    return name.strip().casefold()


def place(names: Sequence[str], wanted: str, where: str) -> int | None:
    """Return a column's position, in any letter case, or None; DatasetError if it is repeated."""
    exact = [number for number, name in enumerate(names) if name == wanted]
    found = exact or [number for number, name in enumerate(names) if loose(name) == loose(wanted)]
    if len(found) > 1:
        raise DatasetError(
            f'{where}: column "{printable(wanted)}" appears {plural(len(found), "time")}. '
            "Rename all but one of them."
        )
    return found[0] if found else None


def places(names: Sequence[str], columns: Columns, where: str, *, labelled: bool) -> Places:
    """Return the positions of the columns; raise MissingColumnError if one is missing."""
    text = [_needed(names, column, "--text", where) for column in columns.text]
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
        present = ", ".join(f'"{printable(name)}"' for name in names[:30]) or "none"
        raise MissingColumnError(
            f'{where}: no column "{printable(wanted)}". The columns are {present}. '
            f"Name the right column with {option}."
        )
    return found
