import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import Score
from classifiers.cascade.worth import Judged, Terms, combine, confidence

SHARE = st.floats(0.01, 0.99)


@st.composite
def rankings(draw: st.DrawFn) -> list[Score]:
    weights = draw(st.lists(SHARE, min_size=1, max_size=5))
    total = sum(weights) + draw(st.floats(0, 2))
    ordered = sorted((weight / total for weight in weights), reverse=True)
    return [Score(f"L{place}", share) for place, share in enumerate(ordered)]


def test_the_prior_accuracy_of_the_llm_is_nine_of_ten() -> None:
    assert Judged().accuracy == 0.9
    assert Judged(0, 20).accuracy == pytest.approx(0.45)
    assert Judged(980, 20).accuracy == pytest.approx(0.978, abs=0.001)


def test_without_local_scores_confidence_is_the_llms_accuracy() -> None:
    assert confidence("A", [], 0.8) == pytest.approx(0.8)
    even = [Score(name, 0.25) for name in "ABCD"]
    assert confidence("A", even, 0.8) == pytest.approx(0.8)


@given(rankings(), SHARE)
def test_confidence_is_a_probability_that_local_agreement_raises(
    scores: list[Score], accuracy: float
) -> None:
    found = [confidence(score.label, scores, accuracy) for score in scores]
    assert all(0 < one <= 1 for one in found)
    assert found == sorted(found, reverse=True) or len(set(found)) < len(found)
    assert found[0] >= confidence("not in the ranking", scores, accuracy)


@given(rankings(), SHARE, SHARE)
def test_confidence_rises_with_the_llms_accuracy(
    scores: list[Score], one: float, other: float
) -> None:
    worse, better = sorted((one, other))
    assert confidence("L0", scores, worse) <= confidence("L0", scores, better)


@given(rankings(), SHARE)
def test_combined_scores_have_each_label_once_and_add_up_to_at_most_one(
    scores: list[Score], accuracy: float
) -> None:
    found = combine("L1", scores, accuracy)
    assert found[0].label == "L1"
    assert {one.label for one in found} == {"L1", *(one.label for one in scores)}
    assert len(found) == len({one.label for one in found})
    assert sum(one.confidence for one in found) <= 1 + 1e-6
    assert found[0].confidence == max(one.confidence for one in found)


@given(SHARE, st.floats(0.0001, 1), st.floats(0.001, 100), st.integers(0, 99), st.integers(0, 99))
def test_a_call_pays_off_below_some_confidence_only(
    sure: float, call: float, error: float, right: int, wrong: int
) -> None:
    terms, judged = Terms(0.9, error, call), Judged(right, wrong)
    threshold = judged.accuracy - call / error
    pays = terms.pays([Score("A", sure)], judged, given=True)
    assert pays == ((judged.accuracy - sure) * error > call)
    if abs(threshold - sure) > 1e-9:
        assert pays == (sure < threshold)


def test_an_abstention_is_sent_to_the_llm_only_if_agreement_would_help() -> None:
    scores = [Score("A", 0.5), Score("B", 0.3), Score("C", 0.2)]
    assert Terms().pays(scores, Judged(18, 2), given=False)
    assert not Terms().pays(scores, Judged(5, 35), given=False)
    assert not Terms(call_price_usd=1.0).pays(scores, Judged(18, 2), given=False)


def test_the_llm_must_meet_the_target_once_enough_answers_are_judged() -> None:
    terms = Terms(target_precision=0.95)
    assert terms.needed(Judged(9, 0)) == 0.5
    assert terms.needed(Judged(9, 1)) == 0.95
    assert Terms(target_precision=0.3).needed(Judged()) == 0.3
