"""Freezes a team's examples into a snapshot: named by its content, split without leaks."""

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


def _frozen(example: StoredExample) -> SnapshotExample:
    return SnapshotExample(
        example.id,
        redact(example.text).text,
        example.label,
        example.source,
        example.label_set,
        example.when,
    )


def _flat(marks: Sequence[Sequence[int]]) -> npt.NDArray[np.uint64]:
    return np.fromiter(chain.from_iterable(marks), dtype=np.uint64)


def freeze(examples: Sequence[StoredExample], label_set: LabelSet, created: str) -> Snapshot:
    """Return a snapshot of these examples; their order does not matter.

    Leave out labels that are not in the label set, texts without letters or digits, all but the
    newest example of each text, and texts of the test part that nearly duplicate a text of the
    train part.
    """
    left_out: Counter[str] = Counter()
    newest: dict[str, SnapshotExample] = {}
    oldest_first = sorted(
        map(_frozen, examples), key=lambda frozen: (float(frozen.when), frozen.id)
    )
    for frozen in oldest_first:
        if frozen.label not in label_set.names:
            left_out["label not in the label set"] += 1
            continue
        if not has_words(frozen.text):
            left_out["no letters or digits in the text"] += 1
            continue
        text = split.normal(frozen.text)
        left_out["same text, older"] += text in newest
        newest[text] = frozen
    parts: dict[split.Side, list[tuple[str, SnapshotExample]]] = {"train": [], "test": []}
    for frozen in newest.values():
        key = split.key(frozen.text)
        parts[split.side(key)].append((key, frozen))
    train_marks, test_marks = (
        [split.marks(key) for key, _ in parts[side]] for side in ("train", "test")
    )
    duplicated = split.near_duplicates(
        [_flat(train_marks)], lambda: [_flat(test_marks)], [*map(len, test_marks)]
    )
    test = [
        frozen
        for (_, frozen), duplicate in zip(parts["test"], duplicated, strict=True)
        if not duplicate
    ]
    left_out["test, near-duplicate of train"] += int(duplicated.sum())
    train = [frozen for _, frozen in parts["train"]]
    return Snapshot(
        snapshot_id(label_set, train, test),
        label_set,
        created,
        tuple(sorted(train, key=lambda frozen: frozen.id)),
        tuple(sorted(test, key=lambda frozen: frozen.id)),
        tuple((reason, count) for reason, count in sorted(left_out.items()) if count),
    )


async def take_snapshot(examples: Examples, team: str, label_set: LabelSet) -> Snapshot:
    """Return a snapshot of a workspace's current examples; the caller stores it."""
    created, began = f"{time.time():.6f}", await examples.tombstones.count(team)
    frozen = freeze([example async for example in examples.iterate(team)], label_set, created)
    return replace(frozen, began=began)
