"""Cross-validation: learn weights of views, thresholds and novelty from held-out predictions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from classifiers.local.calibration import (
    Floats,
    PrecisionReport,
    Threshold,
    choose_threshold,
    factor_needed,
    label_thresholds,
    needed,
)
from classifiers.local.head import Calibration, batches
from classifiers.local.linear import Chosen, Places, fit_linear
from classifiers.local.novelty import Novelty, fit_novelty, novelty_features
from classifiers.local.training_set import Training
from classifiers.local.views import Weights, fit_views, fit_weights

FOLDS = 5
_COLD_THRESHOLD = 0.5
_HELD_OUT_MAX = 2_000  # enough held-out predictions: the remaining folds are skipped
_DRAWS = 3  # random splits into folds: with few examples, the result of one is luck
_CALIBRATE_FROM = 40  # examples; with fewer, the weights of views are noise
_PER_LABEL = 3
_HIDDEN = 3  # parts of the labels, which are hidden in turn
_NOVELTY_MAX = 4_000  # examples that the novelty model is fitted on


@dataclass(frozen=True, slots=True)
class HeldOutScores:
    """Scores of held-out examples, shape (views, n, labels), and their true columns, shape (n,).

    Columns are in the order of the sorted label names.
    """

    scores: Floats
    truth: Places

    def weights(self) -> tuple[Weights, float]:
        """Return the weights of the views, and the log-loss with them."""
        return fit_weights(self.scores, self.truth)


def folds(labels: npt.NDArray[np.str_], draw: int = 0) -> Iterator[Places]:
    """Yield the places to hold out in each of FOLDS folds; `draw` is the seed.

    Folds are stratified: the examples of each label are spread evenly over them.
    """
    rng = np.random.default_rng(draw)
    fold = np.zeros(len(labels), dtype=np.int64)
    start = 0
    for name in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == name))
        fold[places] = (start + np.arange(len(places))) % FOLDS
        start += len(places)
    yield from (np.flatnonzero(fold == number) for number in range(FOLDS))


def _scores(training: Training, held: Places, chosen: Chosen, c: float) -> Floats:
    """Fit to the chosen examples, and return the scores of the examples at `held`.

    The shape is (views, len(held), labels). All labels are present, because the names and
    descriptions of labels are never held out.
    """
    views = fit_views(training, chosen, c)
    found = [
        np.stack([view() for view in views.each(batch, views.linear.similarities(batch.vectors))])
        for batch in batches(training.features[held])
    ]
    return np.concatenate(found, axis=1)


def _first_of(groups: Places, among: Chosen) -> Chosen:
    """Return a mask of the first example of each group: near-duplicates count once."""
    places = np.flatnonzero(among)
    first = np.zeros(len(groups), dtype=bool)
    first[places[np.unique(groups[places], return_index=True)[1]]] = True
    return first


def held_out(training: Training, c: float, draw: int = 0) -> HeldOutScores | None:
    """Cross-validate the taught examples with the inverse penalty `c`; return None with too few.

    A group of near-duplicates is held out together and predicted once, because a model that has
    seen an example knows its near-duplicates. The last folds are skipped once there are enough
    predictions. `draw` is the seed of the random split into folds.
    """
    groups = training.groups()
    judged = _first_of(groups, training.taught)
    names, sizes = np.unique(training.labels[judged], return_counts=True)
    common = names[sizes >= _PER_LABEL]
    places = np.flatnonzero(judged & np.isin(training.labels, common))
    if len(places) < _CALIBRATE_FROM or len(common) < 2:  # noqa: PLR2004 - nothing to tell apart
        return None
    columns = np.unique(training.labels, return_inverse=True)[1]
    scores: list[Floats] = []
    truth: list[int] = []
    for fold in folds(training.labels[places], draw):
        held = places[fold]
        scores.append(_scores(training, held, ~np.isin(groups, groups[held]), c))
        truth.extend(columns[held].tolist())
        if len(truth) >= _HELD_OUT_MAX:
            break
    return HeldOutScores(np.concatenate(scores, axis=1), np.array(truth, dtype=np.int64))


def calibrate(training: Training, target_precision: float, c: float) -> Calibration:
    """Return the calibration by cross-validation, or fixed values if there are too few examples."""
    size = int(training.taught.sum())
    first = held_out(training, c)
    if first is None:
        missing = max(1, max(_CALIBRATE_FROM, needed(target_precision)) - size)
        report = PrecisionReport(target_precision, 0.0, missing, size)
        threshold = Threshold(_COLD_THRESHOLD, met=False)
        return Calibration(c, threshold, size, precision_report=report)
    draws = [first, *_more_draws(training, c, len(first.truth))]
    weights, _ = _pooled(draws).weights()
    chosen = middle([_verdicts(draw, weights, target_precision) for draw in draws])
    names = np.unique(training.labels)[chosen.best]
    return Calibration(
        c,
        chosen.threshold,
        size,
        weights,
        label_thresholds(names, chosen.confidence, chosen.right, target_precision),
        _novelty(training, c),
        _precision_report(chosen, target_precision, size),
    )


@dataclass(frozen=True, slots=True)
class HeldOutVerdicts:
    """Best columns, confidences and correctness of held-out examples, (n,), with a threshold."""

    best: Places
    confidence: Floats
    right: Chosen
    threshold: Threshold


def _more_draws(training: Training, c: float, size: int) -> Iterator[HeldOutScores]:
    """Yield an even number of further draws; none if one draw has enough predictions."""
    more = min(_DRAWS, max(1, _HELD_OUT_MAX // size)) - 1
    for draw in range(1, more - more % 2 + 1):
        found = held_out(training, c, draw)
        if found is not None:
            yield found


def _pooled(draws: Sequence[HeldOutScores]) -> HeldOutScores:
    return HeldOutScores(
        np.concatenate([draw.scores for draw in draws], axis=1),
        np.concatenate([draw.truth for draw in draws]),
    )


def _verdicts(found: HeldOutScores, weights: Weights, target: float) -> HeldOutVerdicts:
    confidences = softmax(np.tensordot(weights, found.scores, 1), axis=1)
    confidence, best = confidences.max(axis=1), confidences.argmax(axis=1)
    right = best == found.truth
    threshold = choose_threshold(confidence, right, target)
    return HeldOutVerdicts(best, confidence, right, threshold)


def middle(draws: Sequence[HeldOutVerdicts]) -> HeldOutVerdicts:
    """Return the draw with the median threshold; draws that do not meet the target come last."""
    ranked = sorted(draws, key=lambda draw: (not draw.threshold.met, draw.threshold.value))
    return ranked[len(ranked) // 2]


def _precision_report(held: HeldOutVerdicts, target: float, size: int) -> PrecisionReport:
    answered = float((held.confidence >= held.threshold.value).mean())
    if held.threshold.met:
        return PrecisionReport(target, answered, 0, size)
    factor = factor_needed(held.confidence, held.right, target)
    missing = None if factor is None else max(1, round(size * (factor - 1)))
    return PrecisionReport(target, answered, missing, size)


def _novelty(training: Training, c: float) -> Novelty | None:
    """Fit the novelty model: hide a third of the labels in turn, and a fifth of the other examples.

    Return None with fewer than three taught labels or too few examples.
    """
    names = np.unique(training.labels[training.taught])
    if len(names) < _HIDDEN:
        return None
    rng = np.random.default_rng(0)
    part = dict(zip(names.tolist(), rng.permutation(len(names)) % _HIDDEN, strict=True))
    parts = np.array([part.get(label, -1) for label in training.labels.tolist()])
    kept = np.zeros(len(parts), bool)
    kept[rng.permutation(len(parts))[:_NOVELTY_MAX]] = True
    groups = training.groups()
    fold = rng.integers(FOLDS, size=len(parts))[groups]
    once = _first_of(groups, training.taught)
    rows, known = [], []
    for number in range(_HIDDEN):
        unknown = training.taught & (parts == number)
        held = training.taught & (parts != number) & (fold == number)
        linear = fit_linear(training, kept & (parts != number) & ~held, c)
        predicted = kept & once & (unknown | held)
        vectors = training.features.vectors[predicted]
        rows.append(novelty_features(linear.similarities(vectors), linear.logits(vectors)))
        known.append(held[predicted])
    return fit_novelty(rows, known)
