"""Labelled data as traffic: a bot answers message after message, agents correct what is wrong."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.classify.data import Rows
from support_triage.classifiers.base import Embedder, Example, Label, LabelSet, Prediction
from support_triage.classifiers.evaluation import best
from support_triage.classifiers.index import EmbeddedIndex
from support_triage.classifiers.local import LocalClassifier

TARGET_PRECISION = 0.9
_EVERY = 50  # messages that arrive while the head is fitted once
_EVERYTHING = 100  # messages after which the bot of all labels is fitted anew
_BATCH = 512


@dataclass(frozen=True)
class Stage:
    """What is played: what the bot starts with, the messages in order, and unseen ones."""

    labels: LabelSet
    start: tuple[Example, ...]
    messages: tuple[Example, ...]
    unseen: Rows


def stage(train: Rows, unseen: Rows, per_label: int, messages: int, seed: int) -> Stage:
    """Shuffle with a seed; the first `per_label` of each label are the start, then the traffic."""
    rows = list(train)
    random.Random(seed).shuffle(rows)  # noqa: S311 - repeatable on purpose
    counts: Counter[str] = Counter()
    start, rest = [], []
    for number, (text, label) in enumerate(rows):
        one = Example(f"m{number}", text, label)
        (start if counts[label] < per_label else rest).append(one)
        counts[label] += 1
    names = tuple(Label(name) for name in sorted(counts))
    return Stage(LabelSet(names), tuple(start), tuple(rest[:messages]), unseen)


def fresh(labels: LabelSet, embedder: Embedder, taught: Sequence[Example]) -> LocalClassifier:
    """A classifier fitted on these examples."""
    index = EmbeddedIndex(embedder)
    index.put(taught)
    return LocalClassifier(labels, embedder, index, TARGET_PRECISION, None)


async def asked(classifier: LocalClassifier, texts: Sequence[str]) -> list[Prediction]:
    found: list[Prediction] = []
    for start in range(0, len(texts), _BATCH):
        found += await classifier.classify(texts[start : start + _BATCH])
    return found


async def figures(classifier: LocalClassifier, unseen: Rows) -> dict[str, float]:
    """Accuracy of the best label on unseen messages, and of the labels really given."""
    said = await asked(classifier, [text for text, _ in unseen])
    labels = [label for _, label in unseen]
    right = sum(best(one) == label for one, label in zip(said, labels, strict=True))
    given = [
        one.label == label for one, label in zip(said, labels, strict=True) if not one.abstained
    ]
    return {
        "accuracy": right / len(labels),
        "given_a_label": len(given) / len(labels),
        "right_of_given": sum(given) / max(1, len(given)),
    }


async def play(
    scene: Stage, embedder: Embedder, checkpoints: Sequence[int], say: Callable[[str], None]
) -> dict[str, Any]:
    """Accuracy on unseen messages at each checkpoint, of three bots, and what agents had to do.

    `learning` learns from corrections: a wrong label, or a message left to a human. `never` keeps
    what it started with. `all` is fitted anew on every message's true label. A correction is
    needless where `all`, as of the last hundred, would have given the right label.
    """
    learning = fresh(scene.labels, embedder, scene.start)
    never = fresh(scene.labels, embedder, scene.start)
    everything = never
    counts: Counter[str] = Counter()
    rows = [{"messages": 0, **await _bots(learning, never, never, scene.unseen)}]
    for start in range(0, len(scene.messages), _EVERY):
        batch = scene.messages[start : start + _EVERY]
        corrected = await _batch(batch, learning, never, everything, counts)
        await learning.learn(corrected)
        seen = scene.messages[: start + len(batch)]
        if len(seen) % _EVERYTHING == 0 or len(seen) in checkpoints:
            everything = fresh(scene.labels, embedder, (*scene.start, *seen))
        if len(seen) in checkpoints:
            found = await _bots(learning, never, everything, scene.unseen)
            rows.append({"messages": len(seen), **found, "work": _work(counts)})
            say(f"{len(seen)} messages: {found['learning']['accuracy']:.3f}")
    return {"rows": rows, "labels": len(scene.labels.labels), "start": len(scene.start)}


async def _bots(
    learning: LocalClassifier, never: LocalClassifier, everything: LocalClassifier, unseen: Rows
) -> dict[str, Any]:
    return {
        "learning": await figures(learning, unseen),
        "never": await figures(never, unseen),
        "all": await figures(everything, unseen),
    }


async def _batch(
    batch: Sequence[Example],
    learning: LocalClassifier,
    never: LocalClassifier,
    everything: LocalClassifier,
    counts: Counter[str],
) -> list[Example]:
    """Answer a few messages and count; the examples that agents' corrections make of them."""
    texts = [one.text for one in batch]
    answers = [await bot.classify(texts) for bot in (learning, never, everything)]
    corrected = []
    for one, mine, old, ideal in zip(batch, *answers, strict=True):
        counts["messages"] += 1
        counts["corrected_if_never_learnt"] += old.label != one.label
        if mine.label == one.label:
            continue
        corrected.append(one)
        counts["left_to_a_human" if mine.abstained else "wrong"] += 1
        counts["needless"] += ideal.label == one.label
    return corrected


def _work(counts: Counter[str]) -> dict[str, Any]:
    corrections = counts["wrong"] + counts["left_to_a_human"]
    return {
        **counts,
        "corrections": corrections,
        "needless_share_of_corrections": counts["needless"] / max(1, corrections),
        "needless_share_of_messages": counts["needless"] / max(1, counts["messages"]),
    }
