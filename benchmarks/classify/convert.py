"""Convert public data sets to folders for the benchmark: CLINC150, and IT tickets of 8 topics.

    python -m benchmarks.classify.convert clinc data_full.json FOLDER
    python -m benchmarks.classify.convert tickets all_tickets.csv FOLDER

CLINC150: https://github.com/clinc/oos-eval (CC BY 3.0). IT tickets: columns Document and
Topic_group of adisongoh/it-service-ticket-classification-dataset on Kaggle (CC0).
"""

import csv
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_SCARCE, _HELD, _HELD_OF_SCARCE = 150, 100, 30  # test texts per topic; fewer for scarce topics

Texts = dict[str, list[str]]


def write(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(rows)


def flat(texts: Texts, most: int | None = None) -> list[tuple[str, str]]:
    return [(text, label) for label in texts for text in texts[label][:most]]


def clinc(source: Path, folder: Path) -> None:
    parts = json.loads(source.read_text(encoding="utf-8"))
    by_label: Texts = defaultdict(list)
    for text, label in parts["train"]:
        by_label[label].append(text)
    rng = random.Random(0)  # noqa: S311 - repeatable on purpose
    shots = {label: rng.sample(by_label[label], 10) for label in sorted(by_label)}
    write(folder / "train_5shot.csv", flat(shots, 5))
    write(folder / "train_10shot.csv", flat(shots))
    write(folder / "train_full.csv", parts["train"])
    write(folder / "test.csv", parts["test"])
    write(folder / "unknown_test.csv", [(text, "oos") for text, _ in parts["oos_test"]])


def tickets(source: Path, folder: Path) -> None:
    """Write splits without duplicates; 100 texts of a topic are for testing, 30 if scarce."""
    by_topic: Texts = defaultdict(list)
    seen: set[str] = set()
    with source.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            bare = " ".join(row["Document"].split()).casefold()
            if row["Topic_group"] and bare not in seen:
                seen.add(bare)
                by_topic[row["Topic_group"]].append(row["Document"])
    rng = random.Random(0)  # noqa: S311 - repeatable on purpose
    test: Texts = {}
    train: Texts = {}
    for topic, texts in sorted(by_topic.items()):
        rng.shuffle(texts)
        held = _HELD_OF_SCARCE if len(texts) < _SCARCE else _HELD
        test[topic], train[topic] = texts[:held], texts[held:]
    for shots in (5, 10, 100):
        write(folder / f"train_{shots}shot.csv", flat(train, shots))
    write(folder / "train_full.csv", flat(train))
    write(folder / "test.csv", flat(test))


if __name__ == "__main__":
    {"clinc": clinc, "tickets": tickets}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
