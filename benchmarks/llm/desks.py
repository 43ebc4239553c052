"""Data for the benchmark: samples of public data sets, and tickets of a support team."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.classify.data import Rows, sampled, splits
from bot.config.config import load_config, shipped_config
from classifiers.base import Example, Label, LabelSet
from classifiers.embedding.index import EmbeddedIndex
from classifiers.embedding.minilm import MiniLmEmbedder
from classifiers.llm.selection import Retrieval
from classifiers.local.local import LocalClassifier

_TARGET = 0.9
_TICKETS = Path(__file__).with_name("tickets.csv")


@dataclass(frozen=True)
class Desk:
    """A label set, taught examples, test messages with true labels, and a local classifier."""

    name: str
    labels: LabelSet
    taught: Rows
    asked: Rows
    index: EmbeddedIndex
    local: LocalClassifier

    @property
    def retrieval(self) -> Retrieval:
        """Return the source of examples and likely labels for prompts."""
        return Retrieval(self.index, self.local.rank)


async def desk(name: str, labels: LabelSet, taught: Rows, asked: Rows) -> Desk:
    """Return a desk whose local classifier has learnt the taught examples."""
    embedder = MiniLmEmbedder()
    index = EmbeddedIndex(embedder)
    local = LocalClassifier(labels, embedder, index, _TARGET, patience_s=None)
    await local.learn([Example(f"t{n}", text, label) for n, (text, label) in enumerate(taught)])
    return Desk(name, labels, taught, asked, index, local)


async def tickets() -> Desk:
    """Return the desk of the shipped triage.toml; the first four tickets are its examples."""
    with _TICKETS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    parts = {
        part: tuple((row["text"], row["label"]) for row in rows if row["part"] == part)
        for part in ("train", "test")
    }
    shipped = load_config(shipped_config()).label_set
    bare = LabelSet(tuple(Label(one.name, one.description) for one in shipped.labels))
    return await desk("tickets", bare, parts["train"], parts["test"])


def public(folder: Path, split: str, size: int) -> Iterator[tuple[str, LabelSet, Rows, Rows]]:
    """Yield (name, labels, taught, asked) of each data set in a folder that has the split."""
    for found in splits(folder):
        if found.name == split:
            labels = LabelSet(tuple(Label(name.replace("_", " ")) for name in found.labels))
            yield (
                found.title,
                labels,
                tuple((text, label.replace("_", " ")) for text, label in found.train),
                tuple((text, label.replace("_", " ")) for text, label in sampled(found.test, size)),
            )
