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


def test_before_anything_is_judged_nine_of_ten_are_taken_to_be_right() -> None:
    assert Judged().accuracy == 0.9
    assert Judged(0, 20).accuracy == pytest.approx(0.45)
    assert Judged(980, 20).accuracy == pytest.approx(0.978, abs=0.001)


def test_where_local_knows_nothing_confidence_is_the_llms_accuracy() -> None:
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
def test_a_better_llm_is_believed_more(scores: list[Score], one: float, other: float) -> None:
    worse, better = sorted((one, other))
    assert confidence("L0", scores, worse) <= confidence("L0", scores, better)


@given(rankings(), SHARE)
def test_joined_scores_name_each_label_once_and_add_up_to_one_at_most(
    scores: list[Score], accuracy: float
) -> None:
    found = combine("L1", scores, accuracy)
    assert found[0].label == "L1"
    assert {one.label for one in found} == {"L1", *(one.label for one in scores)}
    assert len(found) == len({one.label for one in found})
    assert sum(one.confidence for one in found) <= 1 + 1e-6
    assert found[0].confidence == max(one.confidence for one in found)


@given(SHARE, st.floats(0.0001, 1), st.floats(0.001, 100), st.integers(0, 99), st.integers(0, 99))
def test_asking_pays_below_one_confidence_and_not_above(
    sure: float, call: float, error: float, right: int, wrong: int
) -> None:
    terms, judged = Terms(0.9, error, call), Judged(right, wrong)
    threshold = judged.accuracy - call / error
    pays = terms.pays([Score("A", sure)], judged, given=True)
    assert pays == ((judged.accuracy - sure) * error > call)
    if abs(threshold - sure) > 1e-9:
        assert pays == (sure < threshold)


def test_what_is_left_to_a_human_is_asked_only_if_agreement_would_help() -> None:
    scores = [Score("A", 0.5), Score("B", 0.3), Score("C", 0.2)]
    assert Terms().pays(scores, Judged(18, 2), given=False)
    assert not Terms().pays(scores, Judged(5, 35), given=False)
    assert not Terms(call_price_usd=1.0).pays(scores, Judged(18, 2), given=False)


def test_the_target_precision_is_held_against_the_llm_once_enough_is_judged() -> None:
    terms = Terms(target_precision=0.95)
    assert terms.needed(Judged(9, 0)) == 0.5
    assert terms.needed(Judged(9, 1)) == 0.95
    assert Terms(target_precision=0.3).needed(Judged()) == 0.3
