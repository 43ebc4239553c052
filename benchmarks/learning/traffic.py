"""Simulate traffic with labelled data: bots answer messages, and agents correct wrong labels."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.classify.data import Rows
from classifiers.base import Embedder, Example, Label, LabelSet, Prediction
from classifiers.embedding.index import EmbeddedIndex
from classifiers.evaluation import best
from classifiers.local.local import LocalClassifier
from classifiers.local.outcome_threshold import Outcomes
from learning.feedback.outcomes import noted, outcomes
from storage.series import KEPT, ShownAnswer

TARGET_PRECISION = 0.9
_EVERY = 50  # messages between two fits
_EVERYTHING = 100  # messages between two fits of the bot that knows all true labels
_BATCH = 512


@dataclass(frozen=True)
class Stage:
    """The data of a run: the examples at the start, the messages in order, and unseen messages."""

    labels: LabelSet
    start: tuple[Example, ...]
    messages: tuple[Example, ...]
    unseen: Rows


def stage(train: Rows, unseen: Rows, per_label: int, messages: int, seed: int) -> Stage:
    """Shuffle with a seed; the first `per_label` of each label are the start, the rest traffic."""
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
    """Return a classifier fitted on the taught examples."""
    index = EmbeddedIndex(embedder)
    index.put(taught)
    return LocalClassifier(labels, embedder, index, TARGET_PRECISION, None)


async def asked(classifier: LocalClassifier, texts: Sequence[str]) -> list[Prediction]:
    found: list[Prediction] = []
    for start in range(0, len(texts), _BATCH):
        found += await classifier.classify(texts[start : start + _BATCH])
    return found


async def figures(classifier: LocalClassifier, unseen: Rows) -> dict[str, float]:
    """Return the accuracy of best labels on unseen messages, and of labels that are given."""
    found = await asked(classifier, [text for text, _ in unseen])
    labels = [label for _, label in unseen]
    right = sum(best(one) == label for one, label in zip(found, labels, strict=True))
    given = [
        one.label == label for one, label in zip(found, labels, strict=True) if not one.abstained
    ]
    return {
        "accuracy": right / len(labels),
        "given_a_label": len(given) / len(labels),
        "right_of_given": sum(given) / max(1, len(given)),
    }


@dataclass(frozen=True)
class Team:
    """The shares of wrong labels, and of abstentions, that a team labels."""

    corrects: float = 1.0
    takes_up: float = 1.0


class Learner:
    """A bot that learns from a team; with `accepts`, accepted answers count for its threshold."""

    def __init__(self, scene: Stage, embedder: Embedder, team: Team, *, accepts: bool) -> None:
        index = EmbeddedIndex(embedder)
        index.put(scene.start)
        self._names = scene.labels.names
        self._team = team
        self._chance = random.Random(0)  # noqa: S311 - repeatable on purpose
        self._answers: list[ShownAnswer] = []
        self._labels: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.classifier = LocalClassifier(
            scene.labels,
            embedder,
            index,
            TARGET_PRECISION,
            None,
            outcomes=self._outcomes if accepts else Outcomes,
        )

    def _outcomes(self) -> Outcomes:
        return outcomes(self._answers[-KEPT:], self._labels, self._names)

    async def work(self, batch: Sequence[Example], ideal: Sequence[Prediction]) -> None:
        """Answer a batch of messages, count the outcomes, and learn the team's labels."""
        answers = await self.classifier.classify([one.text for one in batch])
        corrections = []
        for one, mine, possible in zip(batch, answers, ideal, strict=True):
            message = f"C:{one.id}"
            self._answers.append(noted(message, mine, 0.0))
            outcome = "left" if mine.abstained else "wrong"
            self.counts["right" if mine.label == one.label else outcome] += 1
            share = self._team.takes_up if mine.abstained else self._team.corrects
            if mine.label != one.label and self._chance.random() < share:
                self.counts["corrections"] += 1
                self.counts["needless"] += possible.label == one.label
                corrections.append(Example(message, one.text, one.label))
        self._labels |= {one.id: one.label for one in corrections}
        await self.classifier.learn(corrections)

    def work_done(self) -> dict[str, float]:
        """Return the team's corrections so far, and how often the bot's labels were right."""
        given = self.counts["right"] + self.counts["wrong"]
        return {
            **self.counts,
            "needless_share": self.counts["needless"] / max(1, self.counts["corrections"]),
            "right_so_far": self.counts["right"] / max(1, given),
        }


BOTS = {
    "corrections": (Team(), False),
    "accepted": (Team(), True),
    "half": (Team(0.5, 0.5), True),
    "half_corrections": (Team(0.5, 0.5), False),
    "careless": (Team(0.5, 1.0), True),
}
"""Bots by name: their team, and if accepted answers count for their threshold."""


async def play(
    scene: Stage, embedder: Embedder, checkpoints: Sequence[int], say: Callable[[str], None]
) -> dict[str, Any]:
    """Return figures on unseen messages, and the work of agents, at each checkpoint.

    `never` does not learn. `all` is refitted on the true label of every message so far. A
    correction is needless if the last fit of `all` gives the right label.
    """
    bots = {name: Learner(scene, embedder, team, accepts=on) for name, (team, on) in BOTS.items()}
    never = fresh(scene.labels, embedder, scene.start)
    everything, if_never = never, 0
    rows: list[dict[str, Any]] = []
    for start in range(0, len(scene.messages), _EVERY):
        batch = scene.messages[start : start + _EVERY]
        texts = [one.text for one in batch]
        old, ideal = await never.classify(texts), await everything.classify(texts)
        if_never += sum(mine.label != one.label for mine, one in zip(old, batch, strict=True))
        for bot in bots.values():
            await bot.work(batch, ideal)
        seen = scene.messages[: start + len(batch)]
        if len(seen) % _EVERYTHING == 0 or len(seen) in checkpoints:
            everything = fresh(scene.labels, embedder, (*scene.start, *seen))
        if len(seen) in checkpoints:
            row: dict[str, Any] = {"messages": len(seen), "corrected_if_never_learnt": if_never}
            for name, classifier in (("never", never), ("all", everything)):
                row[name] = await figures(classifier, scene.unseen)
            for name, bot in bots.items():
                row[name] = await figures(bot.classifier, scene.unseen) | bot.work_done()
            rows.append(row)
            say(f"{len(seen)} messages: {row}")
    return {"rows": rows, "labels": len(scene.labels.labels), "start": len(scene.start)}
