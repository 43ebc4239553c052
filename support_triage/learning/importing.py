"""A file of labelled texts to standing examples: looked through first, then stored in batches."""

import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from support_triage.classifiers.base import Example, LabelSet
from support_triage.classifiers.redaction import redact
from support_triage.learning import split
from support_triage.learning.dataset import DatasetError
from support_triage.learning.reading import Columns, Labelled, identity, read
from support_triage.storage.examples import Examples, StoredExample

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """A file that can be imported as a whole: every row was read, every label is known."""

    path: Path | str
    columns: Columns
    renamed: Mapping[str, str]
    label_set: LabelSet
    counts: npt.NDArray[np.bool_]  # of each row, whether it is the newest of its text

    @property
    def rows(self) -> int:
        """Rows in the file."""
        return len(self.counts)

    @property
    def repeated(self) -> int:
        """Rows whose text stands again, newer or further down: those do not count."""
        return int((~self.counts).sum())


@dataclass(frozen=True, slots=True)
class Imported:
    """How many examples are new or changed, and how many rows were older than what stands."""

    changed: int
    older: int


def look_through(
    path: Path | str,
    label_set: LabelSet,
    columns: Columns | None = None,
    renamed: Mapping[str, str] | None = None,
) -> Plan:
    """Read a file to its end without storing anything; DatasetError names the first bad row.

    `renamed` maps labels of the file to labels of the set. Memory: 16 bytes a row.
    """
    columns, renamed = columns or Columns(), renamed or {}
    texts, when = array("Q"), array("d")
    for row in read(path, columns):
        label = renamed.get(row.label, row.label)
        if label not in label_set.names:
            raise DatasetError(
                f'{row.where}: label "{label}" is not in triage.toml '
                f"({', '.join(label_set.names)}): add it there, map it, or change the file"
            )
        texts.append(split.fingerprint(row.text))
        when.append(float(row.when) if row.when else np.inf)
    return Plan(path, columns, renamed, label_set, split.newest(texts, when))


async def store(
    examples: Examples, team: str, plan: Plan, progress: Callable[[int], None] = lambda _: None
) -> Imported:
    """Make a planned file's rows stand; the same file again changes nothing.

    Cut off in the middle, the rows so far stand, and the same call does the rest.
    """
    now = f"{time.time():.6f}"
    changed = older = 0
    rows = zip(read(plan.path, plan.columns), plan.counts, strict=True)
    while batch := list(islice(rows, _BATCH)):
        chosen = [_example(row, plan, now) for row, counts in batch if counts]
        standing = await examples.get(team, [one.id for one in chosen])
        put = []
        for one, old in zip(chosen, standing, strict=True):
            if old is not None and float(old.when) > float(one.when):
                older += 1
            elif old is None or old.label != one.label:
                put.append((one.id, one, ()))
        if put:
            changed += await examples.stand_all(team, put)
        progress(len(batch))
    return Imported(changed, older)


def taught_by(plan: Plan) -> tuple[Example, ...]:
    """The examples that `store` would make stand in an empty workspace."""
    rows = zip(read(plan.path, plan.columns), plan.counts, strict=True)
    stored = (_example(row, plan, "0") for row, counts in rows if counts)
    return tuple(Example(one.id, one.text, one.label) for one in stored)


def _example(row: Labelled, plan: Plan, now: str) -> StoredExample:
    return StoredExample(
        id=identity(row.text),
        text=redact(row.text).text,
        label=plan.renamed.get(row.label, row.label),
        source="import",
        label_set=plan.label_set.version,
        when=row.when or now,
    )
