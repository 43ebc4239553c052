"""Measure a contender on a split in this process, and print its figures as JSON."""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from benchmarks.classify.contender import ENTRIES, Answer, Contender
from benchmarks.classify.data import Split, half, seen, splits
from classifiers.base import Prediction, Score
from classifiers.evaluation import auroc, judge

_TARGET = 0.95
_BATCH = 256


def measure(contender: Contender, split: Split, timed: int) -> dict[str, Any]:
    """Train, predict the test part in batches, then `timed` messages one by one on one core."""
    started, used = time.perf_counter(), time.process_time()
    contender.fit([text for text, _ in split.train], [label for _, label in split.train])
    train_s, train_cpu_s = time.perf_counter() - started, time.process_time() - used
    texts, labels = [text for text, _ in split.test], [label for _, label in split.test]
    started = time.perf_counter()
    answers = asked(contender, texts)
    per_second = len(texts) / (time.perf_counter() - started)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    unknown = asked(contender, split.unknown)
    used = time.process_time()
    times = timed_alone(contender, texts[:timed])
    cpu_ms = 1000 * (time.process_time() - used) / max(1, len(times))
    return {
        "train_s": train_s,
        "train_cpu_s": train_cpu_s,
        "cpu_ms": cpu_ms,
        "peak_mb": peak_mb,
        "auroc_out_of_scope": _auroc(answers, unknown),
        **_judged(answers, labels, times, per_second),
        **_without_seen(answers, labels, seen(split)),
        **_cost(answers),
    }


def asked(contender: Contender, texts: Sequence[str]) -> list[Answer]:
    answers: list[Answer] = []
    for start in range(0, len(texts), _BATCH):
        answers += contender.predict(texts[start : start + _BATCH])
    return answers


def timed_alone(contender: Contender, texts: Sequence[str]) -> list[float]:
    """Return the milliseconds of each single text, with all threads of the process on one core."""
    cores = os.sched_getaffinity(0)
    _pin({min(cores)})
    times = []
    for text in texts:
        before = time.perf_counter()
        contender.predict([text])
        times.append((time.perf_counter() - before) * 1000)
    _pin(cores)
    return times


def _pin(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def _judged(
    answers: Sequence[Answer], labels: Sequence[str], times: list[float], per_second: float
) -> dict[str, Any]:
    figures = judge([_prediction(answer) for answer in answers], labels, _TARGET, times, per_second)
    found = figures.as_dict()
    del found["per_label"]
    if any(answer.confidence is None for answer in answers):
        found |= {"ece": None, "coverage": None}
    return found


def _prediction(answer: Answer) -> Prediction:
    confidence = min(max(answer.confidence or 0.0, 0.0), 1.0)
    scores = () if answer.label is None else (Score(answer.label, confidence),)
    return Prediction(None if answer.abstained else answer.label, confidence, scores)


def _without_seen(
    answers: Sequence[Answer], labels: Sequence[str], in_training: Sequence[bool]
) -> dict[str, Any]:
    rows = zip(answers, labels, in_training, strict=True)
    rest = [answer.label == label for answer, label, known in rows if not known]
    return {"seen_in_training": sum(in_training), "accuracy_unseen": sum(rest) / len(rest)}


def _cost(answers: Sequence[Answer]) -> dict[str, Any]:
    tokens = sum(answer.usage.prompt_tokens + answer.usage.completion_tokens for answer in answers)
    cost = sum(answer.usage.cost_usd for answer in answers)
    asked_llm = sum(answer.usage.prompt_tokens > 0 for answer in answers)
    return {
        "tokens_per_1000": 1000 * tokens / len(answers),
        "usd_per_1000": 1000 * cost / len(answers),
        "asked_llm": asked_llm / len(answers),
    }


def _auroc(known: Sequence[Answer], unknown: Sequence[Answer]) -> float | None:
    scores = [answer.known for answer in known]
    others = [answer.known for answer in unknown]
    if not others or None in scores or None in others:
        return None
    return auroc(
        [score for score in scores if score is not None],
        [score for score in others if score is not None],
    )


def unknown_labels(contender: Contender, split: Split) -> float | None:
    """Return the AUROC of messages with hidden labels: training has half of the labels."""
    hidden = half(split)
    contender.fit([text for text, _ in hidden.train], [label for _, label in hidden.train])
    known = asked(contender, [text for text, _ in hidden.test])
    return _auroc(known, asked(contender, hidden.unknown))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--contender", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", required=True)
    parser.add_argument("--test-size", type=int)
    parser.add_argument("--timed", type=int, default=200)
    parser.add_argument("--spawned", type=float, required=True, help="time.time() of the parent")
    given = parser.parse_args()
    entry = next(entry for entry in ENTRIES if entry.name == given.contender)
    with redirect_stdout(sys.stderr):
        contender = entry.make()
        start_s = time.time() - given.spawned
        split = next(
            split for split in splits(given.data, given.test_size) if split.title == given.split
        )
        figures = measure(contender, split, given.timed)
        figures |= {"start_s": start_s, "note": getattr(contender, "note", None)}
        figures["auroc_unknown"] = unknown_labels(contender, split)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
