"""The curve finds a known power law, and its intervals contain the truth."""

import numpy as np
import pytest

from classifiers.base import Example, Label, LabelSet
from classifiers.embedding.minilm import MiniLmEmbedder
from classifiers.local.recipe import Recipe
from learning.advice.curve import AT_LEAST, extrapolated, learning_curve

SIZES = (25, 50, 100, 200, 400, 800)


def law(sizes: np.ndarray) -> np.ndarray:
    return 0.05 + 1.2 * sizes**-0.45


def test_a_law_without_noise_is_extrapolated() -> None:
    errors = law(np.array(SIZES, dtype=float))
    curve = extrapolated(SIZES, np.tile(1 - errors, (6, 1)), 100_000)
    for point in curve.expected:
        assert point.accuracy == pytest.approx(1 - law(np.array([point.examples]))[0], abs=0.003)
    assert [point.examples for point in curve.expected] == [1600, 4000]
    assert curve.gain_of_doubling > 0.01


def test_the_interval_mostly_contains_the_truth() -> None:
    rng = np.random.default_rng(0)
    held, truth = 0, float(1 - law(np.array([1600.0]))[0])
    for _ in range(40):
        seen = rng.binomial(200, np.tile(1 - law(np.array(SIZES, dtype=float)), (6, 1))) / 200
        point = extrapolated(SIZES, seen, 200).expected[0]
        held += point.low <= truth <= point.high
    assert held >= 32


def test_no_curve_falls_after_a_lucky_last_point() -> None:
    errors = law(np.array(SIZES, dtype=float))
    errors[-1] = 0.02  # lower than the other points predict
    curve = extrapolated(SIZES, np.tile(1 - errors, (6, 1)), 1_000)
    assert curve.gain_of_doubling >= 0
    assert curve.expected[1].accuracy >= curve.expected[0].accuracy


def test_few_examples_have_no_curve_and_many_have_one() -> None:
    words = {"MONEY": ("invoice", "refund", "price"), "BUG": ("crash", "error", "freeze")}
    examples = [
        Example(f"{n}", f"{words[label][n % 3]} number {n} in {place}", label)
        for n, (label, place) in enumerate(
            [(label, place) for label in words for place in "abcdefghijklmnopqrstuvwxyz"] * 2
        )
    ]
    labels, embedder = LabelSet((Label("MONEY"), Label("BUG"))), MiniLmEmbedder()
    assert learning_curve(examples[: AT_LEAST - 1], labels, embedder, Recipe()) is None
    assert learning_curve(examples, LabelSet((Label("MONEY"),)), embedder, Recipe()) is None
    curve = learning_curve(examples, labels, embedder, Recipe())
    assert curve is not None
    assert curve.now.accuracy > 0.9
    assert curve.now.low <= curve.now.accuracy <= curve.now.high
    sizes = [point.examples for point in curve.measured]
    assert sizes == sorted(set(sizes))
