"""What predictions of held-out examples say: weights of the views, thresholds, what is unknown."""

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
    needed,
    own_thresholds,
)
from classifiers.local.head import Calibration, parted
from classifiers.local.linear import Chosen, Places, fit_linear
from classifiers.local.novelty import Novelty, fit_novelty, signs
from classifiers.local.training_set import Training
from classifiers.local.views import Weights, fit_views, fit_weights

_COLD_THRESHOLD = 0.5
_FOLDS = 5
_HELD_OUT_MAX = 2_000  # so many held-out predictions say enough
_DRAWS = 3  # ways to deal few examples into folds: the threshold of one is luck
_CALIBRATE_FROM = 40  # with fewer weights are noise
_PER_LABEL = 3
_HIDDEN = 3  # so many parts of the labels are hidden in turn
_NOVELTY_MAX = 4_000


@dataclass(frozen=True, slots=True)
class HeldOutScores:
    """Scores of held-out examples, shape (views, n, labels), and their true columns, (n,).

    Columns are in the order of the labels' names.
    """

    scores: Floats
    truth: Places

    def weights(self) -> tuple[Weights, float]:
        """What each view is worth, and the log-loss that is left."""
        return fit_weights(self.scores, self.truth)


def _folds(labels: npt.NDArray[np.str_], draw: int) -> Iterator[Places]:
    """Places to hold out, each label spread evenly over the folds, as the draw has it."""
    rng = np.random.default_rng(draw)
    fold = np.zeros(len(labels), dtype=np.int64)
    start = 0
    for name in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == name))
        fold[places] = (start + np.arange(len(places))) % _FOLDS
        start += len(places)
    yield from (np.flatnonzero(fold == number) for number in range(_FOLDS))


def _scores(training: Training, held: Places, chosen: Chosen, c: float) -> Floats:
    """Of the examples at `held`, fitted to the chosen ones: shape (views, len(held), labels).

    What the label set says itself is never left out, so there are always all labels.
    """
    views = fit_views(training, chosen, c)
    found = [
        np.stack([view() for view in views.each(one, views.linear.similarities(one.vectors))])
        for one in parted(training.features[held])
    ]
    return np.concatenate(found, axis=1)


def _first_of(groups: Places, among: Chosen) -> Chosen:
    """The first of each group among some: near-duplicates are evidence once."""
    places = np.flatnonzero(among)
    first = np.zeros(len(groups), dtype=bool)
    first[places[np.unique(groups[places], return_index=True)[1]]] = True
    return first


def held_out(training: Training, c: float, draw: int = 0) -> HeldOutScores | None:
    """Cross-validate taught examples at penalty `c`; None with too few.

    Of near-duplicates one is held out, and the others are not fitted to meanwhile: who has seen
    one of them knows the others. Of very many examples some folds are enough. Draws differ in the
    folds that examples fall into.
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
    for fold in _folds(training.labels[places], draw):
        held = places[fold]
        scores.append(_scores(training, held, ~np.isin(groups, groups[held]), c))
        truth.extend(columns[held].tolist())
        if len(truth) >= _HELD_OUT_MAX:
            break
    return HeldOutScores(np.concatenate(scores, axis=1), np.array(truth, dtype=np.int64))


def calibrate(training: Training, target_precision: float, c: float) -> Calibration:
    """Cross-validate; before there is enough to do so, a fixed and cautious guess."""
    size = int(training.taught.sum())
    first = held_out(training, c)
    if first is None:
        missing = max(1, max(_CALIBRATE_FROM, needed(target_precision)) - size)
        standing = PrecisionReport(target_precision, 0.0, missing, size)
        return Calibration(c, Threshold(_COLD_THRESHOLD, met=False), size, standing=standing)
    draws = [first, *_more_draws(training, c, len(first.truth))]
    weights, _ = _pooled(draws).weights()
    judged = middle([_judged(one, weights, target_precision) for one in draws])
    names = np.unique(training.labels)[judged.said]
    return Calibration(
        c,
        judged.threshold,
        size,
        weights,
        own_thresholds(names, judged.sure, judged.right, target_precision),
        _novelty(training, c),
        _standing(judged.sure, judged.right, judged.threshold, target_precision, size),
    )


@dataclass(frozen=True, slots=True)
class HeldOutVerdicts:
    """Best columns of held-out examples, confidences and verdicts, (n,), and their threshold."""

    said: Places
    sure: Floats
    right: Chosen
    threshold: Threshold


def _more_draws(training: Training, c: float, size: int) -> Iterator[HeldOutScores]:
    """Deal the examples into folds again, an even number of times, up to enough predictions."""
    more = min(_DRAWS, max(1, _HELD_OUT_MAX // size)) - 1
    for draw in range(1, more - more % 2 + 1):
        found = held_out(training, c, draw)
        if found is not None:
            yield found


def _pooled(draws: Sequence[HeldOutScores]) -> HeldOutScores:
    return HeldOutScores(
        np.concatenate([one.scores for one in draws], axis=1),
        np.concatenate([one.truth for one in draws]),
    )


def _judged(found: HeldOutScores, weights: Weights, target: float) -> HeldOutVerdicts:
    confidences = softmax(np.tensordot(weights, found.scores, 1), axis=1)
    sure, said = confidences.max(axis=1), confidences.argmax(axis=1)
    right = said == found.truth
    return HeldOutVerdicts(said, sure, right, choose_threshold(sure, right, target))


def middle(draws: Sequence[HeldOutVerdicts]) -> HeldOutVerdicts:
    """Return the draw whose threshold is the middle one; those that meet no target come last."""
    ranked = sorted(draws, key=lambda one: (not one.threshold.met, one.threshold.value))
    return ranked[len(ranked) // 2]


def _standing(
    sure: Floats, right: Chosen, threshold: Threshold, target: float, size: int
) -> PrecisionReport:
    if threshold.met:
        return PrecisionReport(target, float((sure >= threshold.value).mean()), 0, size)
    factor = factor_needed(sure, right, target)
    missing = None if factor is None else max(1, round(size * (factor - 1)))
    return PrecisionReport(target, float((sure >= threshold.value).mean()), missing, size)


def _novelty(training: Training, c: float) -> Novelty | None:
    """Hide a third of the labels in turn, and a fifth of the other examples to compare with."""
    names = np.unique(training.labels[training.taught])
    if len(names) < _HIDDEN:
        return None
    rng = np.random.default_rng(0)
    part = dict(zip(names.tolist(), rng.permutation(len(names)) % _HIDDEN, strict=True))
    parts = np.array([part.get(label, -1) for label in training.labels.tolist()])
    kept = np.zeros(len(parts), bool)
    kept[rng.permutation(len(parts))[:_NOVELTY_MAX]] = True
    groups = training.groups()
    fold = rng.integers(_FOLDS, size=len(parts))[groups]
    once = _first_of(groups, training.taught)
    rows, known = [], []
    for number in range(_HIDDEN):
        unknown = training.taught & (parts == number)
        held = training.taught & (parts != number) & (fold == number)
        linear = fit_linear(training, kept & (parts != number) & ~held, c)
        judged = kept & once & (unknown | held)
        vectors = training.features.vectors[judged]
        rows.append(signs(linear.similarities(vectors), linear.logits(vectors)))
        known.append(held[judged])
    return fit_novelty(rows, known)
