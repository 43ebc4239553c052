"""The cascade's curve and its default threshold, on handmade predictions."""

import pytest

from benchmarks.llm.curve import chosen, curve, point
from classifiers.base import Prediction, Score, Usage


def local(label: str, confidence: float) -> Prediction:
    return Prediction(label, confidence, (Score(label, confidence),))


def llm(label: str | None) -> Prediction:
    return Prediction(label, 0.9, usage=Usage(1, 0, 1, 0.001))


TRUTH = ["A", "A", "B", "B"]
LOCAL = [local("A", 0.95), local("B", 0.4), local("B", 0.8), local("A", 0.3)]
LLM = [llm("B"), llm("A"), llm("B"), llm(None)]


def test_who_is_asked_costs_and_answers() -> None:
    found = point(LOCAL, LLM, TRUTH, 0.5)
    assert found == {
        "threshold": 0.5,
        "share": 0.5,
        "accuracy": 0.75,
        "usd_per_1000": pytest.approx(0.5),
    }
    nobody, everybody = curve(LOCAL, LLM, TRUTH)[0], curve(LOCAL, LLM, TRUTH)[-1]
    assert (nobody["share"], nobody["accuracy"]) == (0.0, 0.5)
    assert (everybody["share"], everybody["accuracy"]) == (1.0, 0.5)


def test_what_one_half_says_of_the_model_decides_for_the_other() -> None:
    poor = [llm("C")] * 4
    found = chosen(LOCAL * 20, poor * 20, TRUTH * 20)
    assert found["fresh"]["threshold"] == pytest.approx(0.9 - 0.001 / 0.5)
    assert found["judged"]["judged_accuracy"] == pytest.approx(18 / 60)
    assert found["judged"]["share"] < found["fresh"]["share"]
