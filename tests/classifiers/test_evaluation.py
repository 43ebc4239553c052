import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import Abstention, Prediction, Score
from classifiers.evaluation import (
    PerLabel,
    Tally,
    auroc,
    coverage_at,
    expected_calibration_error,
    judge,
    verdicts,
)

CONFIDENCE = st.integers(0, 20).map(lambda twentieths: twentieths / 20)  # with many equals
JUDGED = st.lists(st.tuples(CONFIDENCE, st.booleans()), max_size=60)
LABEL = st.sampled_from("ABCD")


def naive_coverage(judged: list[tuple[float, bool]], precision: float) -> float:
    shares = [0.0]
    for threshold in {confidence for confidence, _ in judged}:
        taken = [right for confidence, right in judged if confidence >= threshold]
        if sum(taken) / len(taken) >= precision:
            shares.append(len(taken) / len(judged))
    return max(shares)


def naive_ece(judged: list[tuple[float, bool]]) -> float:
    total = 0.0
    for number in range(15):
        rows = [row for row in judged if min(int(row[0] * 15), 14) == number]
        if rows:
            confidence = sum(row[0] for row in rows) / len(rows)
            accuracy = sum(row[1] for row in rows) / len(rows)
            total += len(rows) / len(judged) * abs(confidence - accuracy)
    return total


def naive_per_label(predicted: Sequence[str | None], labels: Sequence[str]) -> dict[str, PerLabel]:
    found = {}
    for name in sorted(set(labels)):
        hits = sum(one == true == name for one, true in zip(predicted, labels, strict=True))
        precision = hits / max(1, list(predicted).count(name))
        recall = hits / list(labels).count(name)
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        found[name] = PerLabel(precision, recall, f1, list(labels).count(name))
    return found


@given(JUDGED, st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_coverage_is_the_maximum_over_all_thresholds(
    judged: list[tuple[float, bool]], precision: float
) -> None:
    found = coverage_at([row[0] for row in judged], [row[1] for row in judged], precision)
    assert found == pytest.approx(naive_coverage(judged, precision))


@given(JUDGED)
def test_calibration_error_is_the_weighted_gap_of_each_bin(
    judged: list[tuple[float, bool]],
) -> None:
    found = expected_calibration_error([row[0] for row in judged], [row[1] for row in judged])
    assert found == pytest.approx(naive_ece(judged))


@given(st.lists(CONFIDENCE, min_size=1, max_size=30), st.lists(CONFIDENCE, min_size=1, max_size=30))
def test_auroc_counts_the_pairs_in_right_order(known: list[float], unknown: list[float]) -> None:
    pairs = [(one > other) + (one == other) / 2 for one in known for other in unknown]
    assert auroc(known, unknown) == pytest.approx(sum(pairs) / len(pairs))


def test_auroc_of_no_scores_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        auroc([], [0.5])


@given(st.lists(st.tuples(st.none() | LABEL, LABEL), max_size=60))
def test_figures_of_each_label(rows: list[tuple[str | None, str]]) -> None:
    predicted, labels = [row[0] for row in rows], [row[1] for row in rows]
    predictions = [Prediction(one, 0.5) for one in predicted]
    naive = naive_per_label(predicted, labels)
    found = judge(predictions, labels, 0.9, [], 0.0).per_label
    assert list(found) == list(naive)
    for name, one in found.items():
        assert one.f1 == pytest.approx(naive[name].f1)
        assert (one.precision, one.recall, one.support) == (
            naive[name].precision,
            naive[name].recall,
            naive[name].support,
        )


def test_ten_thousand_rows_are_evaluated_quickly() -> None:
    labels = [f"label {number % 150}" for number in range(10_000)]
    scores = [Score(f"label {number % 151}", number / 10_000) for number in range(10_000)]
    predictions = [Prediction(one.label, one.confidence, (one,)) for one in scores]
    started = time.process_time()
    judge(predictions, labels, 0.95, [], 0.0)
    assert time.process_time() - started < 0.5


SURE = Prediction("A", 0.9, (Score("A", 0.9), Score("B", 0.1)))
UNSURE = Prediction(None, 0.4, (Score("B", 0.4),), Abstention.UNSURE)
SILENT = Prediction(None, 0.0, reason=Abstention.EMPTY)


def test_an_abstention_counts_by_its_best_label_but_is_not_an_answer() -> None:
    found = judge([SURE, SURE, UNSURE, SILENT], ["A", "B", "B", "B"], 0.9, [1.0, 3.0], 7.0)
    assert (found.accuracy, found.answered, found.precision) == (0.5, 0.5, 0.5)
    assert (found.p50_ms, found.per_second) == (2.0, 7.0)
    assert found.as_dict()["per_label"]["A"] == {
        "precision": 0.5, "recall": 1.0, "f1": 0.6667, "support": 1,
    }  # fmt: skip


@given(st.lists(st.tuples(st.none() | LABEL, LABEL, CONFIDENCE), max_size=60), st.integers(1, 9))
def test_a_tally_of_parts_is_that_of_the_whole(
    rows: list[tuple[str | None, str, float]], size: int
) -> None:
    predictions = [
        Prediction(said if sure > 0.5 else None, sure, (Score(said, sure),) if said else ())
        for said, _, sure in rows
    ]
    labels = [label for _, label, _ in rows]
    tally = Tally()
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        tally.add(verdicts(predictions[part]), labels[part])
    assert tally.evaluation(0.9, [], 0.0) == judge(predictions, labels, 0.9, [], 0.0)


def test_verdicts_and_labels_of_different_numbers_are_an_error() -> None:
    with pytest.raises(ValueError, match="2 verdicts with 1 true label"):
        Tally().add(verdicts([SURE, SILENT]), ["A"])
