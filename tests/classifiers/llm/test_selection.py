"""Examples in prompts are similar, balanced over labels, and within the token budget."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from classifiers.base import Example, Label, LabelSet, Neighbour
from classifiers.config import FewShot
from classifiers.llm.selection import Retrieval, agreement, select, shares
from classifiers.tokens import text_tokens

LABELS = LabelSet(tuple(Label(name, f"about {name}") for name in "ABC"))


@dataclass
class FixedIndex:
    """Returns the same neighbours for any text."""

    found: list[Neighbour]

    def nearest(self, texts: Sequence[str], k: int) -> list[list[Neighbour]]:
        return [self.found[:k] for _ in texts]

    def put(self, examples: Sequence[Example]) -> None:
        raise NotImplementedError

    def remove(self, ids: Sequence[str]) -> None:
        raise NotImplementedError


def fixed(found: list[Neighbour]) -> Retrieval:
    return Retrieval(FixedIndex(found))


def near(label: str, count: int, best: float = 0.9) -> list[Neighbour]:
    return [Neighbour(f"{label} text {n}", label, best - n / 100) for n in range(count)]


def test_shots_are_balanced_over_likely_labels_and_the_nearest_comes_last() -> None:
    known = fixed(near("A", 30) + near("B", 3, 0.4) + near("C", 3, 0.3))
    shots = select(known, LABELS, "x", FewShot(max_shots=9)).shots
    assert Counter(shot.label for shot in shots) == {"A": 3, "B": 3, "C": 3}
    assert shots[-1].text == "A text 0"
    assert [s.similarity for s in shots] == sorted(s.similarity for s in shots)


def test_the_choice_does_not_depend_on_the_order_of_neighbours() -> None:
    found = near("A", 6) + near("B", 6) + near("C", 6)
    expected = select(fixed(found), LABELS, "x", FewShot())
    for seed in range(10):
        shuffled = random.Random(seed).sample(found, len(found))  # noqa: S311 (repeatable on purpose)
        assert select(fixed(shuffled), LABELS, "x", FewShot()) == expected


def test_a_shot_that_exceeds_the_token_budget_is_skipped() -> None:
    long = Neighbour("long " * 100, "A", 0.99)
    selection = select(fixed([long, *near("B", 20)]), LABELS, "x", FewShot(shot_tokens=110))
    assert long not in selection.shots
    assert 0 < sum(text_tokens(shot.text) + 17 for shot in selection.shots) <= 110


def test_examples_of_unknown_labels_and_duplicates_are_left_out() -> None:
    known = fixed([*near("OLD", 3), *near("A", 2), *near("A", 2)])
    assert [shot.text for shot in select(known, LABELS, "x", FewShot()).shots] == [
        "A text 1",
        "A text 0",
    ]


@pytest.mark.parametrize("index", [None, FixedIndex([])])
def test_without_known_examples_those_of_the_labels_are_shown(
    index: FixedIndex | None,
) -> None:
    labels = LabelSet((Label("A", examples=("seed a", "more a")), Label("B", examples=("seed b",))))
    selection = select(Retrieval(index), labels, "x", FewShot(max_shots=2))
    assert {shot.text for shot in selection.shots} == {"seed a", "seed b"}
    assert selection.nearest == ()


def test_all_labels_are_offered_when_they_fit() -> None:
    assert select(fixed(near("B", 3)), LABELS, "x", FewShot()).labels == LABELS


def test_if_not_all_labels_fit_the_likely_ones_are_offered_in_order() -> None:
    labels = LabelSet(tuple(Label(f"label-{n:04}", "words " * 20) for n in range(1000)))
    known = fixed(near("label-0900", 2) + near("label-0005", 2, 0.5))
    names = select(known, labels, "x", FewShot(label_tokens=1000)).labels.names
    assert {"label-0900", "label-0005"} <= set(names)
    assert list(names) == sorted(names)
    assert 2 < len(names) < 40
    assert len(select(known, labels, "x", FewShot(label_tokens=10**6)).labels.names) == 250


def test_zero_shots() -> None:
    assert select(fixed(near("A", 3)), LABELS, "x", FewShot(max_shots=0)).shots == ()


def test_agreement_grows_with_neighbours_that_agree() -> None:
    assert agreement("A", []) == 0.75
    assert agreement("B", near("A", 5)) < 0.5 < agreement("A", near("A", 5)) < 1
    assert agreement("A", [Neighbour("x", "B", -0.5)]) == 0.75


def test_shares_rank_labels_and_leave_room_for_doubt() -> None:
    scores = shares([*near("A", 2), *near("B", 1)])
    assert [score.label for score in scores] == ["A", "B"]
    assert sum(score.confidence for score in scores) == pytest.approx(2.69 / 3.69)
    assert shares([]) == []
