"""`triage evaluate`: one process and several give the same figures."""

from dataclasses import replace
from functools import partial

import pytest

from bot.bulk import evaluate as evaluating
from bot.bulk.engine import Crew
from bot.config.config import Settings
from classifiers.evaluation import Evaluation
from learning.bulk.chunks import chunks
from learning.reading.reader import Labelled

CHUNK = 60
KINDS = (("refund my payment", "money"), ("the app crashes", "bug"), ("what is this", "money"))


def rows(count: int) -> list[Labelled]:
    shapes = (KINDS[number % 3] for number in range(count))
    return [
        Labelled(f"{text} {number}", label, "", "") for number, (text, label) in enumerate(shapes)
    ]


def timeless(found: Evaluation) -> Evaluation:
    return replace(found, p50_ms=0.0, p99_ms=0.0, per_second=0.0)


def test_processes_measure_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluating, "chunks", partial(chunks, size=CHUNK))
    monkeypatch.setattr(evaluating, "_TIMED", 3)
    taught, test = rows(30), rows(CHUNK + 30)
    test[::7] = [replace(one, label="other") for one in test[::7]]
    here = evaluating.evaluate(Settings(), taught, iter(test), "local", Crew())
    monkeypatch.setattr(evaluating, "_FEW", 0)
    there = evaluating.evaluate(Settings(), taught, iter(test), "local", Crew(processes=2))
    assert here.version == there.version
    assert here.evaluation.examples == CHUNK + 30
    assert 0.5 < here.evaluation.accuracy < 1
    assert timeless(here.evaluation) == timeless(there.evaluation)
    assert here.evaluation.p99_ms >= here.evaluation.p50_ms > 0
    assert here.evaluation.per_second > 0


def test_an_empty_file_has_zero_figures() -> None:
    found = evaluating.evaluate(Settings(), rows(9), iter(()), "local", Crew()).evaluation
    assert (found.examples, found.accuracy, found.per_label) == (0, 0.0, {})
