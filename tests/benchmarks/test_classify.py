import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.classify import run
from benchmarks.classify.child import measure, unknown_labels
from benchmarks.classify.contender import ENTRIES, Answer
from benchmarks.classify.data import Split, half, sampled, seen, splits
from benchmarks.classify.report import report
from benchmarks.pages import write_part

TRAIN = tuple((f"text {number} of {label}", label) for label in "abcd" for number in range(2))
TEST = tuple((f"another {number} of {label}", label) for label in "abcd" for number in range(3))
SPLIT = Split("made", "2shot", TRAIN, TEST, ("of nothing known",))


class LastWord:
    """A classifier that labels by the last word, if training had it."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        self.labels = {text.split()[-1]: label for text, label in zip(texts, labels, strict=True)}

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        found = [self.labels.get(text.split()[-1]) for text in texts]
        return [Answer(one or "a", 1.0 if one else 0.0, 1.0 if one else 0.0) for one in found]


def written(folder: Path, name: str, rows: Sequence[tuple[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def test_every_training_file_of_a_folder_is_a_split_smallest_first(tmp_path: Path) -> None:
    written(tmp_path / "made", "test.csv", TEST)
    written(tmp_path / "made", "train_full.csv", TRAIN)
    written(tmp_path / "made", "train_1shot.csv", TRAIN[::2])
    written(tmp_path / "made", "unknown_test.csv", [("of nothing known", "none")])
    found = list(splits(tmp_path))
    assert [one.title for one in found] == ["made/1shot", "made/full"]
    assert found[1] == Split("made", "full", TRAIN, TEST, ("of nothing known",))
    assert (found[1].labels, found[1].per_label) == (("a", "b", "c", "d"), 2.0)
    assert [len(one.test) for one in splits(tmp_path, test_size=5)] == [5, 5]


def test_half_of_the_labels_is_hidden_from_training_and_becomes_unknown() -> None:
    hidden = half(SPLIT)
    kept = {label for _, label in hidden.train}
    assert len(kept) == 2
    assert {label for _, label in hidden.test} == kept
    assert len(hidden.unknown) == 6
    assert half(SPLIT) == hidden


def test_texts_that_training_holds_are_found_by_their_words() -> None:
    split = Split("made", "x", (("Hello, World!", "a"),), (("hello world", "a"), ("bye", "a")))
    assert seen(split) == [True, False]
    assert sampled(TEST, 4) == sampled(TEST, 4)


def test_a_contender_is_measured_on_known_and_unknown() -> None:
    found = measure(LastWord(), SPLIT, timed=3)
    assert (found["examples"], found["accuracy"], found["coverage"], found["ece"]) == (12, 1, 1, 0)
    assert (found["auroc_out_of_scope"], found["seen_in_training"]) == (1.0, 0)
    assert unknown_labels(LastWord(), SPLIT) == 1.0
    assert found["peak_mb"] > 1


def test_results_are_kept_and_reused_for_the_same_data_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    entry, plan = ENTRIES[0], run.Plan()
    assert run.stored(entry, SPLIT, plan) is None
    path = run.place(entry, SPLIT, plan)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"digest": SPLIT.digest, "accuracy": 1}))
    assert run.stored(entry, SPLIT, plan) == {"digest": SPLIT.digest, "accuracy": 1}
    other = Split("made", "2shot", TRAIN, TEST)
    assert run.stored(entry, other, plan) is None
    assert run.stored(entry, SPLIT, run.QUICK) is None


def test_the_table_says_what_failed_and_what_has_no_figure() -> None:
    row = {
        "contender": "local", "dataset": "made", "split": "2shot", "labels": 4, "per_label": 2.0,
        "auroc_unknown": None, "start_s": 0.5, **measure(LastWord(), SPLIT, timed=1),
        "seen_in_training": 2, "accuracy_unseen": 0.9,
    }  # fmt: skip
    failed = {**{name: row[name] for name in ("dataset", "split", "labels", "per_label")}}
    text = report([row, {"contender": "SetFit", "error": "out of memory", **failed}])
    assert "| local | 100.0 | 100.0 | 0.0 | 100.0 | - | 1.000 |" in text
    assert "Accuracy without the 2 test texts that are in training: local 90.0." in text
    assert "SetFit failed: out of memory." in text


def test_a_part_of_the_page_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n")
    write_part("a", r"new \1", page)
    assert page.read_text() == "before\n<!-- a -->\nnew \\1\n<!-- /a -->\nafter\n"
    with pytest.raises(ValueError, match="no part"):
        write_part("b", "new", page)
