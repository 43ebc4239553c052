"""Trains a classifier on one file and measures it on another of any length."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from bot.bulk.engine import Crew
from bot.config.config import Settings
from bot.model.build import classifier_of
from classifiers.base import Classifier, Example, Label, LabelSet
from classifiers.blueprint import Blueprint
from classifiers.config import MINILM
from classifiers.evaluation import Evaluation, Tally, Verdicts, verdicts
from classifiers.factory import LocalUse, close, make_shared
from learning.bulk.chunks import Answer, Chunk, chunks
from learning.reading.reader import Labelled

_TARGET_PRECISION = 0.95
_TIMED = 200
_FEW = 8  # chunks; for so few, starting more processes takes longer

Ask = Callable[[Iterator[Chunk]], Iterator[Verdicts]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A classifier's version, training time and figures."""

    version: str
    train_s: float
    evaluation: Evaluation


def evaluate(
    settings: Settings, taught: Sequence[Labelled], test: Iterable[Labelled], kind: str, crew: Crew
) -> Measured:
    """Train a classifier of a kind and measure it; a local one uses processes for long files.

    The first texts, up to 200, are classified one by one to measure latency.
    """
    examples = [
        Example(f"train:{number}", row.text, row.label) for number, row in enumerate(taught)
    ]
    label_set = LabelSet(tuple(Label(name) for name in sorted({row.label for row in taught})))
    with asyncio.Runner() as runner:
        started = time.perf_counter()
        blueprint = _blueprint(label_set, examples) if kind == "local" else None
        if blueprint is not None:
            classifier = blueprint.make(os.cpu_count() or 1)
        else:
            fitted = LocalUse(patience_s=None)
            classifier = classifier_of(
                settings, label_set, _TARGET_PRECISION, kind, local_use=fitted
            )
            runner.run(classifier.learn(examples))
        train_s = time.perf_counter() - started
        answer = partial(_verdicts, classifier, runner)
        found = chunks(test)
        first = list(islice(found, _FEW + 1))
        ask: Ask = partial(map, answer)
        if blueprint is not None and len(first) > _FEW:
            ask = partial(crew.answers, make=partial(_verdicts_by, blueprint, crew.threads))
        started = time.perf_counter()
        tally = _asked(chain(first, found), ask)
        per_second = tally.size / max(1e-9, time.perf_counter() - started)
        times = [_timed(answer, row.text) for rows in first[:1] for row in rows[:_TIMED]]
        runner.run(close(classifier))
    figures = tally.evaluation(_TARGET_PRECISION, times, per_second)
    return Measured(classifier.version, train_s, figures)


def _blueprint(label_set: LabelSet, examples: Sequence[Example]) -> Blueprint:
    index = make_shared().index
    index.put(examples)
    return Blueprint(label_set, _TARGET_PRECISION, MINILM, index.snapshot())


def _verdicts(classifier: Classifier, runner: asyncio.Runner, chunk: Chunk) -> Verdicts:
    return verdicts(runner.run(classifier.classify(chunk)))


def _verdicts_by(blueprint: Blueprint, threads: int) -> Answer[Verdicts]:
    """Return a function that classifies a chunk; it runs in a worker process."""
    return partial(_verdicts, blueprint.make(threads), asyncio.Runner())


def _asked(found: Iterable[list[Labelled]], ask: Ask) -> Tally:
    """Return the tally of all answers; only a few chunks are in memory at a time."""
    tally, truths = Tally(), deque[list[str]]()

    def texts() -> Iterator[Chunk]:
        for rows in found:
            truths.append([row.label for row in rows])
            yield [row.text for row in rows]

    for answer in ask(texts()):
        tally.add(answer, truths.popleft())
    return tally


def _timed(answer: Answer[Verdicts], text: str) -> float:
    started = time.perf_counter()
    answer([text])
    return (time.perf_counter() - started) * 1000
