"""The head separates labels, its confidence is calibrated, and it needs enough examples."""

from dataclasses import replace

import numpy as np

from classifiers.evaluation import auroc
from classifiers.local.crossvalidation import calibrate, held_out
from classifiers.local.head import Calibration, Head, fit
from classifiers.local.tfidf import word_counts
from classifiers.local.training_set import Features, Training

_NAMES = tuple("ABCDEFGHIJKL")


def clouds(count: int, noise: float, labels: int = 4, seed: int = 0) -> Training:
    """Return `count` unit vectors per label, scattered around a prototype."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(labels, 16))
    names = np.repeat(np.arange(labels), count)
    vectors = centres[names] + rng.normal(scale=noise, size=(len(names), 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    silent = word_counts([""] * len(names))
    return Training(
        Features(vectors, silent),
        np.array(_NAMES)[names],
        np.ones(len(names)),
        np.ones(len(names), dtype=bool),
    )


def answers(head: Head, features: Features) -> list[str]:
    return [head.labels[place] for place in head.confidences(features).argmax(axis=1)]


def right(head: Head, training: Training) -> float:
    return float(np.mean(np.array(answers(head, training.features)) == training.labels))


def fitted(training: Training) -> Head:
    return fit(training, calibrate(training, 0.9, 45.0))


def test_separate_labels_are_separated() -> None:
    head = fitted(clouds(10, 0.3))
    assert right(head, clouds(50, 0.3, seed=1)) == 1.0
    assert np.allclose(head.confidences(clouds(5, 0.3).features).sum(axis=1), 1.0)


def test_two_labels_are_enough() -> None:
    head = fitted(clouds(30, 0.3, labels=2))
    assert head.labels == ("A", "B")
    assert right(head, clouds(50, 0.3, labels=2, seed=1)) == 1.0


def test_confidence_is_calibrated() -> None:
    head, fresh = fitted(clouds(60, 1.6)), clouds(500, 1.6, seed=1)
    mean = head.confidences(fresh.features).max(axis=1).mean()
    assert 0.4 < right(head, fresh) < 0.95
    assert abs(mean - right(head, fresh)) < 0.04


def test_the_threshold_meets_the_target_on_unseen_messages() -> None:
    head, fresh = fitted(clouds(100, 1.3)), clouds(1_000, 1.3, seed=1)
    assert head.threshold.met
    sure = head.confidences(fresh.features).max(axis=1) >= head.threshold.value
    hits = np.array(answers(head, fresh.features)) == fresh.labels
    assert sure.mean() > 0.3
    assert hits[sure].mean() >= 0.88


def test_a_weight_of_two_equals_two_examples() -> None:
    one = clouds(6, 1.0)
    heavy = Training(one.features, one.labels, np.where(one.labels == "A", 2.0, 1.0), one.taught)
    places = np.concatenate([np.flatnonzero(one.labels == "A"), np.arange(len(one.labels))])
    twice = Training(
        one.features[places], one.labels[places], one.weights[places], one.taught[places]
    )
    found = [
        fit(each, Calibration(45.0, calibrate(one, 0.9, 45.0).threshold, 24))
        for each in (heavy, twice)
    ]
    fresh = clouds(50, 1.0, seed=1)
    assert (
        np.mean(np.array(answers(found[0], fresh.features)) == answers(found[1], fresh.features))
        > 0.9
    )


def test_few_examples_are_not_cross_validated() -> None:
    assert held_out(clouds(9, 0.3), 45.0) is None
    assert not calibrate(clouds(9, 0.3), 0.9, 45.0).threshold.met


def test_each_example_is_held_out_once() -> None:
    found = held_out(clouds(11, 0.3), 45.0)
    assert found is not None
    assert np.bincount(found.truth).tolist() == [11] * 4
    assert found.scores.shape == (6, 44, 4)


def test_the_report_says_how_many_examples_are_missing() -> None:
    found = calibrate(clouds(5, 0.3), 0.9, 45.0).precision_report
    assert found is not None
    assert found.missing == 20
    assert str(found) == "90% precision is not shown yet: it takes about 20 more examples"


def test_the_report_on_easy_and_on_indistinguishable_labels() -> None:
    easy = calibrate(clouds(30, 0.3), 0.9, 45.0).precision_report
    hard = calibrate(clouds(30, 30.0), 0.9, 45.0).precision_report
    assert easy is not None
    assert hard is not None
    assert (easy.missing, easy.answered) == (0, 1.0)
    assert hard.missing != 0
    assert "not" in str(hard)


def test_a_label_with_enough_predictions_has_a_threshold() -> None:
    calibration = calibrate(clouds(100, 1.3), 0.9, 45.0)
    assert set(calibration.label_thresholds) <= set("ABCD")
    assert calibration.label_thresholds
    head = fit(clouds(100, 1.3), calibration)
    for label, own in calibration.label_thresholds.items():
        assert head.threshold_of(label) == own.value
    assert head.threshold_of("another") == calibration.threshold.value


def test_unknown_labels_are_told_from_known_ones() -> None:
    everything = clouds(30, 0.5, labels=12)
    shown = everything.labels < "J"
    part = Training(
        everything.features[shown],
        everything.labels[shown],
        everything.weights[shown],
        everything.taught[shown],
    )
    fresh = clouds(100, 0.5, labels=12, seed=1)
    head = fitted(part)
    assert head.novelty is not None
    _, known = head.predict(fresh.features)
    assert known is not None
    floor = head.novelty.floor
    unknown = fresh.labels >= "J"
    assert np.mean(known[unknown] < floor) > 0.5
    assert np.mean(known[~unknown] < floor) < 0.12
    assert auroc(known[~unknown].tolist(), known[unknown].tolist()) > 0.9


def test_a_start_from_an_earlier_fit_gives_the_same_result() -> None:
    few, more, fresh = clouds(20, 1.0), clouds(40, 1.0), clouds(50, 1.0, seed=1)
    calibration = calibrate(more, 0.9, 45.0)
    anew = fit(more, calibration).confidences(fresh.features)
    again = fit(more, calibration, fit(few, calibration)).confidences(fresh.features)
    assert np.abs(anew - again).max() < 0.02


def test_words_separate_labels_with_equal_vectors() -> None:
    alike, fresh = clouds(20, 30.0), clouds(20, 30.0, seed=1)
    said = [
        replace(one, features=Features(one.features.vectors, word_counts(one.labels.tolist())))
        for one in (alike, fresh)
    ]
    assert right(fitted(alike), fresh) < 0.5
    head = fitted(said[0])
    assert sum(head.weights[-2:]) > 0
    assert right(head, said[1]) == 1.0
