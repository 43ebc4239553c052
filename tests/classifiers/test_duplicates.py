"""Near-duplicates count once, and are never predicted from one another."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.config.config import load_config
from classifiers.base import Abstention, Example, Label, LabelSet, Vectors
from classifiers.duplicates import groups
from classifiers.embedding.index import EmbeddedIndex
from classifiers.embedding.minilm import MiniLmEmbedder
from classifiers.local import crossvalidation
from classifiers.local.linear import Chosen, Places
from classifiers.local.local import LocalClassifier
from classifiers.local.training_set import Training, phrases, training
from tests.classifiers.tickets import tickets

TEXTS = (
    "My order 4711 has not arrived",
    "my ORDER 12 has not arrived!",
    "My parcel 12 has not arrived",
    "Parcel 12 has not arrived yet",
    "Where is the invoice for March",
    "",
)


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


def test_linked_near_duplicates_are_a_group() -> None:
    found = groups(TEXTS).tolist()
    assert len(set(found[:4])) == 1
    assert len(set(found[3:])) == 3
    assert groups(()).tolist() == []


class Anywhere:
    """An embedder with the same vector for any text."""

    name = "anywhere"

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.full((len(texts), 4), 0.5, dtype=np.float32)


def test_near_duplicates_of_held_out_examples_are_not_fitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embedder = Anywhere()
    label_set = LabelSet((Label("A"), Label("B")))
    examples = [
        Example(f"{label}{n}{copy}", f"{label} {label}s {'x' * n} {'y' * n} no. {copy}", label)
        for label in ("A", "B")
        for n in range(1, 31)
        for copy in range(3)
    ]
    vectors = embedder.embed([one.text for one in examples])
    known = training(phrases(label_set, embedder), label_set, examples, vectors, 0.5)
    of, seen = known.groups(), list[int]()

    def scores(
        given: Training, held: Places, chosen: Chosen, _: float
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        assert not set(of[held].tolist()) & set(of[chosen].tolist())
        seen.extend(of[held].tolist())
        return np.zeros((6, len(held), 2))

    monkeypatch.setattr(crossvalidation, "_scores", scores)
    assert crossvalidation.held_out(known, 45.0) is not None
    assert len(seen) == len(set(seen)) > 40


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_history_of_templates_does_not_show_high_precision(
    embedder: MiniLmEmbedder, seed: int
) -> None:
    label_set = load_config(Path("triage.toml")).label_set
    classifier = LocalClassifier(label_set, embedder, EmbeddedIndex(embedder), 0.9, None)
    history = list(tickets(150, seed))
    await classifier.learn(history)
    for found in await classifier.classify(["asdfgh", "qwerty", "zzzz", "lorem ipsum dolor"]):
        assert (found.label, found.reason) == (None, Abstention.UNKNOWN)
    again = await classifier.classify([one.text.replace("1", "7") for one in history[:40]])
    right = [one.label == known.label for one, known in zip(again, history, strict=False)]
    assert sum(right) >= 38
