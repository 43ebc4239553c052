"""Directions in which the examples of a label spread count less."""

import numpy as np

from classifiers.local.discriminant import fit_discriminant, means


def test_directions_of_spread_count_less_than_directions_between_labels() -> None:
    rng = np.random.default_rng(0)
    columns = np.repeat([0, 1], 200)
    vectors = rng.normal(scale=[3.0, 0.3], size=(400, 2))
    vectors += np.where(columns == 0, 0.5, -0.5)[:, None]  # both coordinates separate them
    found = fit_discriminant(vectors.astype(np.float32), columns, np.ones(400, np.float32))
    [first, second] = np.abs(found.coefficients[0] - found.coefficients[1])
    assert second > 3 * first
    fresh = np.array([[-1.0, 0.4], [1.0, -0.4]], dtype=np.float32)
    assert found.scores(fresh).argmax(axis=1).tolist() == [0, 1]


def test_one_example_per_label_is_enough() -> None:
    vectors = np.eye(3, dtype=np.float32)
    found = fit_discriminant(vectors, np.arange(3), np.ones(3, np.float32))
    assert found.scores(vectors).argmax(axis=1).tolist() == [0, 1, 2]


def test_means_are_weighted_and_zero_without_weight() -> None:
    vectors = np.array([[0.0, 3.0], [3.0, 0.0], [5.0, 5.0]], dtype=np.float32)
    found = means(vectors, np.array([0, 0, 1]), np.array([1.0, 2.0, 0.0], dtype=np.float32))
    assert found.tolist() == [[2.0, 1.0], [0.0, 0.0]]
