"""The threshold follows the outcomes of answers; silence alone changes nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import Prediction, Score
from classifiers.local.calibration import Threshold
from classifiers.local.head import Calibration
from classifiers.local.outcome_threshold import by_outcomes
from learning.feedback.outcomes import answer_record, outcomes
from storage.series import KEPT, ShownAnswer

_COLD = Calibration(45.0, Threshold(0.95, met=True), 100)


def answer(number: int, label: str, best: str = "A", channel: str = "C") -> ShownAnswer:
    local = Score(best, 0.8)
    prediction = Prediction(label or None, 0.8, (local,), local=local)
    return answer_record(f"{channel}:{number}.0", prediction, 1.0)


def test_outcomes_follow_from_judgements_and_silence() -> None:
    answers = [
        answer(1, "A"),  # not corrected
        answer(2, "A"),  # corrected
        answer(3, ""),  # labelled by an agent: the guess was right
        answer(4, ""),  # labelled by an agent: the guess was wrong
        answer(5, ""),  # not labelled by an agent
        answer(6, "B"),  # the label of an LLM, not corrected
        answer(7, "A"),  # confirmed; the last judgement
        answer(8, "A"),
        answer(9, "A", channel="D"),
        answer(10, "A", best="GONE"),
        answer(11, "A", best=""),
    ]
    judged = {"C:2.0": "B", "C:3.0": "A", "C:4.0": "B", "C:7.0": "A", "imported": "A"}
    found = outcomes(answers, judged, ["A", "B"])
    assert found.right == (True, False, True, False, False, False)
    assert found.attention == 3 / 5
    assert found.best == ("A",) * 6


@given(st.lists(st.sampled_from(["A", ""]), max_size=50))
def test_silence_alone_settles_no_answer(labels: list[str]) -> None:
    answers = [answer(number, label) for number, label in enumerate(labels)]
    found = outcomes(answers, {}, ["A"])
    assert found.right == ()
    assert by_outcomes(_COLD, found, 0.9) is _COLD


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("AB")), min_size=1, max_size=50))
def test_another_correction_never_adds_right_answers(rows: list[tuple[bool, str]]) -> None:
    answers = [answer(number, "A") for number in range(len(rows))]
    judged = {f"C:{number}.0": label for number, (said, label) in enumerate(rows) if said}
    before = outcomes(answers, judged | {f"C:{len(rows) - 1}.0": "A"}, ["A", "B"])
    after = outcomes(answers, judged | {"C:0.0": "B", f"C:{len(rows) - 1}.0": "A"}, ["A", "B"])
    assert sum(after.right) <= sum(before.right)


def play(corrects: float, takes_up: float, target: float = 0.9) -> tuple[float, float]:
    """Return the threshold and the precision of the given labels after 12,000 messages.

    `corrects` is the share of wrong labels that agents correct, `takes_up` the share of
    abstentions that they label. Guesses are calibrated, so a threshold of 0.95 abstains too much.
    """
    rng = np.random.default_rng(0)
    threshold, answers, judged, given_right = _COLD.threshold.value, list[ShownAnswer](), {}, []
    for number in range(12_000):
        confidence = 1 - rng.random() ** 2 * 0.9
        local, right = Score("A", confidence), rng.random() < confidence
        label = "A" if confidence >= threshold else None
        prediction = Prediction(label, confidence, (local,), local=local)
        answers.append(answer_record(f"C:{number}", prediction, 1.0))
        if label and number >= 6_000:
            given_right.append(right)
        if rng.random() < (takes_up if label is None else corrects * (not right)):
            judged[answers[-1].id] = "A" if right else "B"
        if number % 100 == 99:
            found = outcomes(answers[-KEPT:], judged, ["A", "B"])
            threshold = by_outcomes(_COLD, found, target).threshold.value
    return threshold, float(np.mean(given_right))


@pytest.mark.parametrize(("corrects", "takes_up"), [(1.0, 1.0), (0.5, 0.5), (1.0, 0.8)])
def test_the_given_labels_meet_the_target(corrects: float, takes_up: float) -> None:
    threshold, precision = play(corrects, takes_up)
    assert threshold < 0.9
    assert precision >= 0.89


def test_the_threshold_stays_if_agents_label_few_abstentions() -> None:
    assert 0.94 < play(1.0, 0.3)[0] <= 0.95


def test_the_threshold_stays_if_agents_judge_nothing() -> None:
    assert play(0.0, 0.0)[0] == _COLD.threshold.value


def test_the_threshold_never_falls_below_one_half() -> None:
    answers = [answer(number, "A").model_copy(update={"confidence": 0.2}) for number in range(500)]
    found = outcomes(answers, {"C:499.0": "A", "C:0.0": "A"}, ["A"])
    ruled = by_outcomes(_COLD, found, 0.9)
    assert ruled.threshold == Threshold(0.5, met=True)
    assert set(ruled.label_thresholds.values()) == {Threshold(0.5, met=True)}
    assert ruled.precision_report is not None
    assert str(ruled.precision_report) == (
        "90% precision is met in the last 499 answers, with a label for about 0% of messages"
    )
