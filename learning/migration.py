"""Moves examples to a new label set when labels are renamed, split, removed or restored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from classifiers.base import LabelSet
from classifiers.printable import printable
from learning.errors import DatasetError
from learning.reading.label_names import LabelNames
from learning.reading.reader import identity, read
from learning.reading.source import Source
from storage.examples.examples import Examples, StoredExample
from storage.examples.label_moves import LabelMoves

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Migration:
    """An explicit mapping of labels.

    `renamed` maps old labels to new labels. `split` maps a label to the new label of each text,
    by the text's identity. Examples of `removed` labels are set aside. `restored` maps labels
    that were set aside to the labels that their examples get back.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    split: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    restored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """The number of examples moved, or to be moved, by (old label, new label).

    The new label is None for examples that are set aside. `unmatched` counts examples of a split
    label whose texts are missing from its file: they keep their label. `unknown` lists labels
    of the mapping that no example has.
    """

    moves: Counter[tuple[str, str | None]]
    unmatched: Counter[str]
    restored: Counter[tuple[str, str]]
    unknown: list[str] = field(default_factory=list)


def read_split(label: str, path: Path, label_set: LabelSet) -> dict[str, str]:
    """Return the new label of each text of a split label, by identity.

    The file may be an edited export. Raise DatasetError if it is empty or has unknown labels.
    """
    found = {}
    names = LabelNames(label_set.names, {})
    for row in read(Source(str(path), labels=names.expected)):
        if (ours := names.ours(row.label)) is None:
            raise DatasetError(
                f'{row.where}: label "{printable(row.label)}" is not in triage.toml. '
                "Correct it, or add the label there."
            )
        found[identity(row.text)] = ours
    if not found:
        raise DatasetError(
            f"--split {label}: {path} has no rows. Write a text and its new label in each row."
        )
    return found


def check(migration: Migration, label_set: LabelSet) -> None:
    """Raise DatasetError if the mapping contradicts itself or the label set of triage.toml."""
    leaving = [*migration.renamed, *migration.removed]
    for old in leaving:
        if old in label_set.names:
            raise DatasetError(
                f'label "{old}" is still in triage.toml, and the bot would continue to use it. '
                "Remove it there and restart the bot first."
            )
    for new in (*migration.renamed.values(), *migration.restored.values()):
        if new not in label_set.names:
            raise DatasetError(
                f'label "{new}" is not in triage.toml ({", ".join(label_set.names)}). '
                "Add it there first."
            )
    repeated = [label for label, n in Counter([*leaving, *migration.split]).items() if n > 1]
    if repeated:
        raise DatasetError(f'label "{repeated[0]}" is moved twice. Keep one option for it.')


def _target(
    example: StoredExample, migration: Migration, label_set: LabelSet
) -> StoredExample | None:
    """Return an example as migrated: the same object if unchanged, None if it is set aside."""
    if example.label in migration.removed:
        return None
    label = migration.renamed.get(example.label, example.label)
    if example.label in migration.split:
        label = migration.split[example.label].get(identity(example.text), example.label)
    if label == example.label:
        return example
    predicted = None if example.predicted is None else migration.renamed.get(example.predicted)
    return example.model_copy(
        update={
            "label": label,
            "label_set": label_set.version,
            "predicted": predicted or example.predicted,
        }
    )


async def migrate(
    examples: Examples,
    moves: LabelMoves,
    team: str,
    migration: Migration,
    label_set: LabelSet,
    *,
    apply: bool,
) -> Moved:
    """Move the examples, or only count them if `apply` is False.

    If a run is interrupted, no example is lost: each is under a label or set aside. Another run
    moves the rest.
    """
    check(migration, label_set)
    counts = await examples.counts(team)
    done = Moved(Counter(), Counter(), Counter())
    position, until = "0", await examples.last(team)
    while True:
        reached, page = await examples.page(team, position, until, _PAGE)
        if reached == position:
            break
        position = reached
        pairs = [(old, _target(old, migration, label_set)) for old in page]
        changing = [(old, new) for old, new in pairs if new is not old]
        done.unmatched.update(
            old.label
            for old, new in pairs
            if new is old
            and old.label in migration.split
            and identity(old.text) not in migration.split[old.label]
        )
        if apply and changing:
            await moves.move(team, changing)
        done.moves.update((old.label, None if new is None else new.label) for old, new in changing)
    if apply:
        await moves.remember(team, migration.renamed)
    await _restore(moves, team, migration, label_set, done, apply=apply)
    leaving = (*migration.renamed, *migration.removed, *migration.split)
    done.unknown.extend(label for label in leaving if not counts.get(label))
    restored = migration.restored.items()
    done.unknown.extend(old for old, new in restored if not done.restored[(old, new)])
    return done


async def _restore(
    moves: LabelMoves,
    team: str,
    migration: Migration,
    label_set: LabelSet,
    done: Moved,
    *,
    apply: bool,
) -> None:
    batch: list[StoredExample] = []
    if not migration.restored:
        return
    async for example in moves.aside(team):
        if example.label in migration.restored:
            label = migration.restored[example.label]
            done.restored[(example.label, label)] += 1
            update = {"label": label, "label_set": label_set.version}
            batch.append(example.model_copy(update=update))
    for start in range(0, len(batch) if apply else 0, _PAGE):
        await moves.bring_back(team, batch[start : start + _PAGE])


def stray_labels(counts: Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    """Return the number of examples of each label that triage.toml does not name."""
    return {label: n for label, n in sorted(counts.items()) if n and label not in names}


def unmapped(counts: Mapping[str, int], migration: Migration, names: Sequence[str]) -> list[str]:
    """Return labels with examples that neither the label set nor the mapping names, sorted."""
    known = {*names, *migration.renamed, *migration.removed, *migration.split}
    return sorted(label for label in counts if label not in known)
