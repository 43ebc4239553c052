"""A file of labelled texts to standing examples: looked through first, then stored in batches."""

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
from learning.reading.bad_rows import RefuseAll, SkipBad, Taking, refusal
from learning.reading.label_names import LabelNames
from learning.reading.reader import Labelled, identity, read
from learning.reading.source import Source
from storage.examples.examples import Examples, StoredExample

_BATCH = 500


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A file that can be imported: its good rows, whose labels are all known."""

    source: Source
    names: LabelNames
    label_set: LabelSet
    counts: npt.NDArray[np.bool_]  # of each good row, whether it is the newest of its text
    skipped: int = 0  # bad rows

    @property
    def rows(self) -> int:
        """Return the number of good rows in the file."""
        return len(self.counts)

    @property
    def repeated(self) -> int:
        """Return the number of rows whose text is there again, newer or further down."""
        return int((~self.counts).sum())


@dataclass(frozen=True, slots=True)
class Imported:
    """How many examples are new or changed, and how many rows were older than what stands."""

    changed: int
    older: int


def look_through(
    source: Source,
    label_set: LabelSet,
    renamed: Mapping[str, str] | None = None,
    remarks: Taking | None = None,
) -> ImportPlan:
    """Read a file to its end without storing anything.

    `renamed` maps labels of the file to labels of the set. DatasetError names all bad rows and
    unknown labels, unless `remarks` skips them. Memory: 16 bytes a row.
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
    lines = refusal(remarks) + (names.told() if names.unknown else [])
    if lines:
        raise DatasetError("\n".join([f"{source.name} was not imported:", *lines]))
    return ImportPlan(source, names, label_set, split.newest(texts, when))


def _known(renamed: Mapping[str, str], label_set: LabelSet) -> dict[str, str]:
    """Return a mapping of labels whose right sides are ours, whatever their case was."""
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
        remarks.tell("\n".join([skipped, *names.told()]))


def _rows(plan: ImportPlan) -> Iterator[tuple[Labelled, str, bool]]:
    """Yield the good rows of a planned file once more, each with our label and if it counts."""
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
    """Make a planned file's rows stand; the same file again changes nothing.

    Cut off in the middle, the rows so far stand, and the same call does the rest.
    """
    now = f"{time.time():.6f}"
    changed = older = 0
    rows = _rows(plan)
    while batch := list(islice(rows, _BATCH)):
        chosen = [_example(row, label, plan, now) for row, label, counts in batch if counts]
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


def taught_by(plan: ImportPlan) -> tuple[Example, ...]:
    """The examples that `store` would make stand in an empty workspace."""
    stored = (_example(row, label, plan, "0") for row, label, counts in _rows(plan) if counts)
    return tuple(one.as_example() for one in stored)


def _example(row: Labelled, label: str, plan: ImportPlan, now: str) -> StoredExample:
    return StoredExample(
        id=identity(row.text),
        text=redact(row.text).text,
        label=label,
        source="import",
        label_set=plan.label_set.version,
        when=row.when or now,
    )
