"""A new label set: what becomes of the examples of labels that are renamed, split or removed."""

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

    `renamed` maps old labels to new ones, `split` a label to the new labels of its texts by their
    identity, `removed` are set aside, and `restored` maps labels set aside to the ones they come
    back as.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    split: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    restored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """How many examples go (or went) from a label to another; to None: set aside."""

    moves: Counter[tuple[str, str | None]]
    unsaid: Counter[str]  # of a split label, whose texts are not in its file: they stay
    restored: Counter[tuple[str, str]]
    unknown: list[str] = field(default_factory=list)  # named, but no example has this label


def split_of(label: str, path: Path, label_set: LabelSet) -> dict[str, str]:
    """The new labels of a split label's texts, from a file such as an export that was edited."""
    found = {}
    names = LabelNames(label_set.names, {})
    for row in read(Source(str(path), labels=names.expected)):
        if (ours := names.ours(row.label)) is None:
            raise DatasetError(f'{row.where}: label "{printable(row.label)}" is not in triage.toml')
        found[identity(row.text)] = ours
    if not found:
        raise DatasetError(f"--split {label}: {path} has no rows: write text and new label")
    return found


def check(migration: Migration, label_set: LabelSet) -> None:
    """DatasetError where the mapping does not go with the label set as it is in triage.toml."""
    leaving = [*migration.renamed, *migration.removed]
    for old in leaving:
        if old in label_set.names:
            raise DatasetError(
                f'label "{old}" is still in triage.toml: take it out there and restart the bot '
                "first, or it goes on giving it"
            )
    for new in (*migration.renamed.values(), *migration.restored.values()):
        if new not in label_set.names:
            raise DatasetError(
                f'label "{new}" is not in triage.toml ({", ".join(label_set.names)}): add it there'
            )
    twice = [one for one, n in Counter([*leaving, *migration.split]).items() if n > 1]
    if twice:
        raise DatasetError(f'label "{twice[0]}" is moved twice: say one thing of each label')


def _target(one: StoredExample, migration: Migration, label_set: LabelSet) -> StoredExample | None:
    """What becomes of an example: itself where it stays, None where it is set aside."""
    if one.label in migration.removed:
        return None
    label = migration.renamed.get(one.label, one.label)
    if one.label in migration.split:
        label = migration.split[one.label].get(identity(one.text), one.label)
    if label == one.label:
        return one
    predicted = None if one.predicted is None else migration.renamed.get(one.predicted)
    return one.model_copy(
        update={
            "label": label,
            "label_set": label_set.version,
            "predicted": predicted or one.predicted,
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
    """Move the examples, or with `apply` False only count them; again, it moves what is left.

    Every example stands under a label or is set aside at any moment, also when it is cut off.
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
        pairs = [(one, _target(one, migration, label_set)) for one in page]
        changing = [(one, new) for one, new in pairs if new is not one]
        done.unsaid.update(
            one.label
            for one, new in pairs
            if new is one
            and one.label in migration.split
            and identity(one.text) not in migration.split[one.label]
        )
        if apply and changing:
            await moves.move(team, changing)
        done.moves.update((one.label, None if new is None else new.label) for one, new in changing)
    if apply:
        await moves.remember(team, migration.renamed)
    await _restore(moves, team, migration, label_set, done, apply=apply)
    leaving = (*migration.renamed, *migration.removed, *migration.split)
    done.unknown.extend(one for one in leaving if not counts.get(one))
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
    async for one in moves.aside(team):
        if one.label in migration.restored:
            label = migration.restored[one.label]
            done.restored[(one.label, label)] += 1
            update = {"label": label, "label_set": label_set.version}
            batch.append(one.model_copy(update=update))
    for start in range(0, len(batch) if apply else 0, _PAGE):
        await moves.bring_back(team, batch[start : start + _PAGE])


def stray_labels(counts: Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    """Return the labels with examples that triage.toml does not name, and how many each has."""
    return {label: n for label, n in sorted(counts.items()) if n and label not in names}


def unmapped(counts: Mapping[str, int], migration: Migration, names: Sequence[str]) -> list[str]:
    """Labels with examples that neither the label set nor the mapping knows."""
    known = {*names, *migration.renamed, *migration.removed, *migration.split}
    return sorted(label for label in counts if label not in known)
