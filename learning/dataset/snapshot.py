"""A snapshot of what a team has taught: frozen, named by its content, split without leaks."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from classifiers.base import LabelSet
from classifiers.redaction.redact import redact
from classifiers.text import has_words
from learning.dataset import split
from storage.examples.examples import Examples, StoredExample
from storage.examples.snapshots import Snapshot, SnapshotExample, snapshot_id


def _frozen(one: StoredExample) -> SnapshotExample:
    return SnapshotExample(
        one.id, redact(one.text).text, one.label, one.source, one.label_set, one.when
    )


def _flat(marks: Sequence[Sequence[int]]) -> npt.NDArray[np.uint64]:
    return np.fromiter(chain.from_iterable(marks), dtype=np.uint64)


def freeze(examples: Sequence[StoredExample], label_set: LabelSet, created: str) -> Snapshot:
    """A snapshot of these examples, whatever their order.

    Left out are labels that the label set has not, texts without letters or digits, all but the
    newest of a text that stands more than once, and texts on the test side that are
    near-duplicates of one on the train side.
    """
    left_out: Counter[str] = Counter()
    newest: dict[str, SnapshotExample] = {}
    for one in sorted(map(_frozen, examples), key=lambda one: (float(one.when), one.id)):
        if one.label not in label_set.names:
            left_out["no label now"] += 1
            continue
        if not has_words(one.text):
            left_out["nothing to read in the text"] += 1
            continue
        text = split.normal(one.text)
        left_out["same text, older"] += text in newest
        newest[text] = one
    parts: dict[split.Side, list[tuple[str, SnapshotExample]]] = {"train": [], "test": []}
    for one in newest.values():
        key = split.key(one.text)
        parts[split.side(key)].append((key, one))
    train_marks, test_marks = (
        [split.marks(key) for key, _ in parts[side]] for side in ("train", "test")
    )
    faces = split.facing([_flat(train_marks)], lambda: [_flat(test_marks)], [*map(len, test_marks)])
    test = [one for (_, one), near in zip(parts["test"], faces, strict=True) if not near]
    left_out["test, near-duplicate of train"] += int(faces.sum())
    train = [one for _, one in parts["train"]]
    return Snapshot(
        snapshot_id(label_set, train, test),
        label_set,
        created,
        tuple(sorted(train, key=lambda one: one.id)),
        tuple(sorted(test, key=lambda one: one.id)),
        tuple((reason, count) for reason, count in sorted(left_out.items()) if count),
    )


async def take_snapshot(examples: Examples, team: str, label_set: LabelSet) -> Snapshot:
    """The standing examples of a workspace as they are now; storing it is up to the caller."""
    created, began = f"{time.time():.6f}", await examples.tombstones.count(team)
    taken = freeze([one async for one in examples.iterate(team)], label_set, created)
    return replace(taken, began=began)
