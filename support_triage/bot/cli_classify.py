"""Verbs of the command line on texts alone: classify and evaluate."""

import csv
import io
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console

from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.classifiers.base import Classifier, Example, Label, LabelSet, Prediction
from support_triage.classifiers.evaluation import evaluate as measured
from support_triage.classifiers.factory import KINDS, LlmUse, close, make_parts
from support_triage.learning import dataset, reading

_BATCH = 64
_TARGET_PRECISION = 0.95


def _texts(file: TextIO, name: str) -> Iterator[str]:
    """Texts of a CSV (column `text`), JSONL (key `text`) or plain file of lines."""
    if name.endswith(".csv"):
        for row in csv.DictReader(file):
            if row.get("text") is None:
                raise dataset.DatasetError(f'{name}: needs a column "text" in its header')
            yield row["text"]
        return
    for line in file:
        bare = line.rstrip("\n")
        if name.endswith(".jsonl") or (name == "-" and bare.startswith('{"')):
            yield _text_of(bare, name)
        elif bare.strip():
            yield bare


def _text_of(line: str, name: str) -> str:
    try:
        text = json.loads(line)["text"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise dataset.DatasetError(f'{name}: not a JSON object with "text": {line[:40]}') from None
    return str(text)


def _row(text: str, one: Prediction) -> dict[str, object]:
    return {
        "text": text,
        "label": one.label,
        "confidence": round(one.confidence, 4),
        "alternatives": [
            {"label": score.label, "confidence": round(score.confidence, 4)}
            for score in one.alternatives
        ],
        "abstained": one.abstained,
        "reason": None if one.reason is None else one.reason.value,
        "classifier": one.classifier,
    }


async def _write(classifier: Classifier, texts: Sequence[str]) -> None:
    for text, one in zip(texts, await classifier.classify(texts), strict=True):
        print(json.dumps(_row(text, one), ensure_ascii=False))  # noqa: T201 - the output


async def classify(settings: Settings, config: Config, name: str) -> None:
    """Print a JSON line for each text, in batches as they come."""
    from support_triage.bot.making import classifier_of

    classifier = classifier_of(
        settings,
        config.label_set,
        config.triage.target_precision,
        parts=make_parts(config.local.embedder),
        use=LlmUse(config.llm),
    )
    raw = sys.stdin.buffer if name == "-" else _open(name)
    with io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as file:
        batch: list[str] = []
        for text in _texts(file, name):
            batch.append(text)
            if len(batch) == _BATCH:
                await _write(classifier, batch)
                batch = []
        if batch:
            await _write(classifier, batch)
    await close(classifier)


def _open(name: str) -> io.BufferedReader:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise dataset.DatasetError(f"{name}: {error.strerror}") from None


def _label_set(labels: Sequence[str]) -> LabelSet:
    return LabelSet(tuple(Label(name) for name in sorted(set(labels))))


async def evaluate(
    settings: Settings, train: Path, test: Path, kind: str, *, as_json: bool
) -> None:
    """Print the figures of a classifier trained on one file and tested on another."""
    from support_triage.bot.making import classifier_of

    if kind not in KINDS:
        raise ConfigError(f'--classifier: "{kind}" is none of {", ".join(KINDS)}')
    taught, held_out = list(reading.read(train)), list(reading.read(test))
    examples = [
        Example(f"train:{number}", one.text, one.label) for number, one in enumerate(taught)
    ]
    label_set = _label_set([one.label for one in taught])
    classifier = classifier_of(settings, label_set, _TARGET_PRECISION, kind, patience_s=None)
    started = time.perf_counter()
    await classifier.learn(examples)
    train_s = time.perf_counter() - started
    texts, labels = [one.text for one in held_out], [one.label for one in held_out]
    found = await measured(classifier, texts, labels, _TARGET_PRECISION)
    await close(classifier)
    figures = {
        "classifier": classifier.version,
        "train_examples": len(examples),
        "train_s": round(train_s, 3),
        **found.as_dict(),
    }
    if as_json:
        print(json.dumps(figures))  # noqa: T201 - for scripts, exactly as it is
    else:
        Console().print_json(data=figures)
