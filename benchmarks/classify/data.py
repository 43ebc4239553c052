"""Read folders of CSV files as splits into training and test texts."""

import csv
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Split:
    """A training file with its test file; rows are (text, label).

    `unknown` are texts that belong to no label, from `unknown_test.csv` if the folder has it.
    """

    dataset: str
    name: str
    train: Rows
    test: Rows
    unknown: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return a title such as `banking77/10shot`."""
        return f"{self.dataset}/{self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of the training part, sorted."""
        return tuple(sorted({label for _, label in self.train}))

    @property
    def per_label(self) -> float:
        """Return the mean number of training texts per label."""
        return len(self.train) / len(self.labels)

    @property
    def digest(self) -> str:
        """Return twelve hex digits of the content: results for other content are not reused."""
        return hashlib.sha256(repr((self.train, self.test, self.unknown)).encode()).hexdigest()[:12]


def read(path: Path) -> Rows:
    """Return the rows of a CSV file with the columns `text` and `label`."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple((row["text"], row["label"]) for row in csv.DictReader(file))


def splits(folder: Path, test_size: int | None = None) -> Iterator[Split]:
    """Yield a split for each `train*.csv` in a folder and its subfolders, smallest first.

    `test_size` is the size of a seeded sample of each test part, or None for all.
    """
    for place in sorted({path.parent for path in folder.glob("**/test.csv")}):
        test = sampled(read(place / "test.csv"), test_size)
        other = place / "unknown_test.csv"
        unknown = (
            tuple(text for text, _ in sampled(read(other), test_size)) if other.exists() else ()
        )
        found = [
            Split(place.name, path.stem.removeprefix("train").strip("_") or "all", read(path), test)
            for path in place.glob("train*.csv")
        ]
        yield from (
            replace(split, unknown=unknown)
            for split in sorted(found, key=lambda split: len(split.train))
        )


def sampled(rows: Rows, size: int | None) -> Rows:
    """Return a seeded sample of `size` rows in their order, or all rows if there are no more."""
    if size is None or size >= len(rows):
        return rows
    rng = random.Random(0)  # noqa: S311 - repeatable on purpose
    return tuple(rows[place] for place in sorted(rng.sample(range(len(rows)), size)))


def half(split: Split) -> Split:
    """Return a split with a seeded half of the labels; test texts of the others are unknown."""
    rng = random.Random(0)  # noqa: S311 - the same half for every contender
    kept = set(rng.sample(split.labels, len(split.labels) // 2))
    return Split(
        split.dataset,
        split.name,
        tuple(row for row in split.train if row[1] in kept),
        tuple(row for row in split.test if row[1] in kept),
        tuple(text for text, label in split.test if label not in kept),
    )


def seen(split: Split) -> list[bool]:
    """Return True for each test text that is also in training, ignoring case and punctuation."""
    trained = {_bare(text) for text, _ in split.train}
    return [_bare(text) in trained for text, _ in split.test]


def _bare(text: str) -> str:
    letters = (char if char.isalnum() else " " for char in text.casefold())
    return " ".join("".join(letters).split())
