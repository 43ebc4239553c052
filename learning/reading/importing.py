"""Imports a file of labelled texts: reads it to its end first, then stores it in batches."""

import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from classifiers.base import Example, LabelSet
from classifiers.plural import plural
from classifiers.printable import printable
from classifiers.redaction.redact import redact
from learning.dataset import split
from learning.errors import DatasetError
from learning.reading.bad_rows import BadRowPolicy, RefuseAll, SkipBad, refusal
from learning.reading.label_names import LabelNames
from learning.reading.reader import Labelled, identity, read
from learning.reading.source import Source
from storage.examples.examples import Examples, StoredExample

_BATCH = 500


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A file that can be imported.

    `counts` has one element for each good row: True if the row is the newest of its text.
    `skipped` is the number of bad rows.
    """

    source: Source
    names: LabelNames
    label_set: LabelSet
    counts: npt.NDArray[np.bool_]
    skipped: int = 0

    @property
    def rows(self) -> int:
        """Return the number of good rows."""
        return len(self.counts)

    @property
    def repeated(self) -> int:
        """Return the number of rows whose text is repeated by a newer or later row."""
        return int((~self.counts).sum())


@dataclass(frozen=True, slots=True)
class Imported:
    """The number of new or changed examples, and of rows older than the current example."""

    changed: int
    older: int


def plan_import(
    source: Source,
    label_set: LabelSet,
    renamed: Mapping[str, str] | None = None,
    remarks: BadRowPolicy | None = None,
) -> ImportPlan:
    """Read a file to its end without storing anything.

    `renamed` maps labels of the file to labels of the set. Raise DatasetError that lists the bad
    rows and unknown labels, unless `remarks` skips them. Memory: 16 bytes per row.
    """
    names = LabelNames(label_set.names, _known(renamed or {}, label_set))
    source, remarks = replace(source, labels=names.expected), remarks or RefuseAll()
    texts, when = array("Q"), array("d")
    for row in read(source, remarks):
        if names.ours(row.label) is None:
            names.miss(row.label, row.where)
            continue
        texts.append(split.fingerprint(row.text))
        when.append(float(row.when) if row.when else np.inf)
    if isinstance(remarks, SkipBad):
        _tell_unknown(names, remarks)
        return ImportPlan(source, names, label_set, split.newest(texts, when), remarks.count)
    lines = refusal(remarks) + (names.unknown_lines() if names.unknown else [])
    if lines:
        raise DatasetError("\n".join([f"{source.name} was not imported:", *lines]))
    return ImportPlan(source, names, label_set, split.newest(texts, when))


def _known(renamed: Mapping[str, str], label_set: LabelSet) -> dict[str, str]:
    """Return `renamed` with our spelling of each new label; raise DatasetError for unknown ones."""
    ours = LabelNames(label_set.names, {})
    found = {old: ours.ours(new) for old, new in renamed.items()}
    for old, new in found.items():
        if new is None:
            raise DatasetError(
                f'--map: "{printable(renamed[old])}" is not in triage.toml '
                f'({", ".join(label_set.names)}). Map "{printable(old)}" to one of them.'
            )
    return {old: new for old, new in found.items() if new is not None}


def _tell_unknown(names: LabelNames, remarks: SkipBad) -> None:
    if names.unknown:
        remarks.count += names.unknown
        skipped = f"Skipped {plural(names.unknown, 'row')} with unknown labels:"
        remarks.tell("\n".join([skipped, *names.unknown_lines()]))


def _rows(plan: ImportPlan) -> Iterator[tuple[Labelled, str, bool]]:
    """Yield the good rows of a planned file, each with our label and its element of `counts`."""
    named = ((row, plan.names.ours(row.label)) for row in read(plan.source, SkipBad()))
    good = ((row, label) for row, label in named if label is not None)
    for (row, label), counts in zip(good, plan.counts, strict=True):
        yield row, label, bool(counts)


async def store(
    examples: Examples,
    team: str,
    plan: ImportPlan,
    progress: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Store the newest row of each text as the current example, unless that is newer.

    Importing the same file again changes nothing. If the import is interrupted, the rows so far
    are stored, and the same call stores the rest.
    """
    now = f"{time.time():.6f}"
    changed = older = 0
    rows = _rows(plan)
    while batch := list(islice(rows, _BATCH)):
        chosen = [_example(row, label, plan, now) for row, label, counts in batch if counts]
        current = await examples.get(team, [example.id for example in chosen])
        put = []
        for new, old in zip(chosen, current, strict=True):
            if old is not None and float(old.when) > float(new.when):
                older += 1
            elif old is None or old.label != new.label:
                put.append((new.id, new, ()))
        if put:
            changed += await examples.put_all(team, put)
        progress(len(batch))
    return Imported(changed, older)


def importable_examples(plan: ImportPlan) -> tuple[Example, ...]:
    """Return the examples that `store` would add to an empty workspace."""
    stored = (_example(row, label, plan, "0") for row, label, counts in _rows(plan) if counts)
    return tuple(example.as_example() for example in stored)


def _example(row: Labelled, label: str, plan: ImportPlan, now: str) -> StoredExample:
    return StoredExample(
        id=identity(row.text),
        text=redact(row.text).text,
        label=label,
        source="import",
        label_set=plan.label_set.version,
        when=row.when or now,
    )
