"""The local classifier with the shipped configuration, before and after it is taught."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config.config import load_config
from classifiers.base import Abstention, Example, Label, LabelSet
from classifiers.embedding.index import EmbeddedIndex
from classifiers.embedding.minilm import MiniLmEmbedder
from classifiers.local.local import LocalClassifier
from classifiers.local.recipe import Recipe, tune

_TEAM = {
    "REFUND": (
        "I want my money back for order {}",
        "Please refund purchase {}",
        "Return {} please",
    ),
    "DELIVERY": ("Where is parcel {}?", "Package {} has not arrived", "Track shipment {} for me"),
    "HARDWARE": (
        "Laptop {} does not turn on",
        "The screen of machine {} is black",
        "Printer {} jams",
    ),
    "HOLIDAY": ("I would like {} off for vacation", "Request leave on {}", "May I take {} free?"),
}
_WHAT = ("A17", "B22", "the red one", "Monday", "last week's", "4711", "ours", "Friday", "C3", "12")


def taught() -> Iterator[Example]:
    for label, shapes in _TEAM.items():
        for shape in shapes:
            for what in _WHAT:
                text = shape.format(what)
                yield Example(text, text, label)


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.fixture(scope="module")
def shipped() -> LabelSet:
    return load_config(Path("triage.toml")).label_set


def local(
    label_set: LabelSet, embedder: MiniLmEmbedder, recipe: Recipe | None = None
) -> LocalClassifier:
    index = EmbeddedIndex(embedder)
    return LocalClassifier(label_set, embedder, index, 0.9, patience_s=None, recipe=recipe)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("My invoice shows the wrong amount", "BILLING"),
        ("The dashboard is not loading on Chrome", "TECHNICAL"),
        ("How do I reset my password?", "ACCOUNT"),
        ("Do you offer student discounts?", "OTHER"),
        ("My card was charged twice", "BILLING"),
        ("The app crashes when I open settings", "TECHNICAL"),
        ("I cannot sign in", "ACCOUNT"),
    ],
)
async def test_it_labels_without_taught_examples(
    shipped: LabelSet, embedder: MiniLmEmbedder, text: str, label: str
) -> None:
    [found] = await local(shipped, embedder).classify([text])
    assert (found.label, found.reason) == (label, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The mitochondria is the powerhouse of the cell", Abstention.UNKNOWN),
        ("asdf qwer zxcv", Abstention.UNKNOWN),
        ("bananas are yellow", Abstention.UNSURE),
        (":tada: …", Abstention.EMPTY),
        ("", Abstention.EMPTY),
    ],
)
async def test_it_abstains_on_unrelated_texts(
    shipped: LabelSet, embedder: MiniLmEmbedder, text: str, reason: Abstention
) -> None:
    [found] = await local(shipped, embedder).classify([text])
    assert (found.label, found.reason) == (None, reason)


async def test_taught_examples_count_at_once_and_can_be_removed(
    shipped: LabelSet, embedder: MiniLmEmbedder
) -> None:
    classifier = local(shipped, embedder)
    before = classifier.version
    text = "Can you send us a W-9 form for our vendor onboarding?"
    await classifier.learn([Example("one", text, "BILLING")])
    [found] = await classifier.classify(["Our vendor onboarding still needs your W-9 form"])
    assert found.label == "BILLING"
    assert found.neighbours[0].text == text
    await classifier.learn([], ["one"])
    assert classifier.version == before


async def test_a_taught_classifier_meets_its_target_and_rejects_unknown_texts(
    embedder: MiniLmEmbedder,
) -> None:
    label_set = LabelSet(tuple(sorted(_labels(), key=lambda one: one.name)))
    classifier = local(label_set, embedder)
    report = classifier.precision_report
    assert report is not None
    assert report.missing == 40
    await classifier.learn(list(taught()))
    report = classifier.precision_report
    assert report is not None
    assert "is met" in str(report)
    asked = ["I'd like a refund of order 99", "The parcel is not here", "My monitor stays black"]
    labels = ["REFUND", "DELIVERY", "HARDWARE"]
    found = await classifier.classify([*asked, "The mitochondria is the powerhouse of the cell"])
    assert [one.label for one in found] == [*labels, None]
    assert found[-1].known is not None
    assert found[0].known is not None
    assert found[-1].known < found[0].known


def _labels() -> Iterator[Label]:
    return (Label(name) for name in _TEAM)


def test_a_recipe_is_tuned_on_taught_examples(embedder: MiniLmEmbedder) -> None:
    label_set = LabelSet(tuple(_labels()))
    assert tune(list(taught())[:10], label_set, embedder) == Recipe()
    recipe = tune(list(taught()), label_set, embedder)
    assert recipe.c in {15.0, 45.0, 150.0}
    assert local(label_set, embedder, recipe).version != local(label_set, embedder).version or (
        recipe == Recipe()
    )


async def test_a_persons_label_outranks_a_configured_example(
    shipped: LabelSet, embedder: MiniLmEmbedder
) -> None:
    classifier = local(shipped, embedder)
    text = "The dashboard is not loading on Chrome"  # TECHNICAL in the shipped triage.toml
    await classifier.learn([Example("C1:1.0", text, "BILLING")])
    found = await classifier.classify([text, "The dashboard does not load in Chrome"])
    assert [one.label for one in found] == ["BILLING", "BILLING"]
    await classifier.learn([], ["C1:1.0"])
    [back] = await classifier.classify([text])
    assert back.label == "TECHNICAL"
