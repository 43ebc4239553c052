"""The learning curve: accuracy by number of examples, and where it is going."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.base import Embedder, Example, LabelSet, Vectors
from classifiers.local.calibration import Threshold
from classifiers.local.head import Calibration, fit
from classifiers.local.recipe import Recipe
from classifiers.local.tfidf import word_counts
from classifiers.local.training_set import Features, Phrases, phrases, training

Numbers = npt.NDArray[np.float64]

AT_LEAST = 60
_MOST = 4_000  # beyond it a sample is as good, and quicker
_SPLITS = 6
_SIZES = 6
_HELD_OUT = 0.2
_RESAMPLES = 1_000
_EXPONENTS = np.linspace(0.05, 2.0, 40)
_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracy with so many examples; `low` and `high` bound it with 90 % certainty."""

    examples: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Measured points, then those that the power law expects at twice and five times as many."""

    measured: tuple[Point, ...]
    expected: tuple[Point, ...]

    @property
    def now(self) -> Point:
        """The last measured point."""
        return self.measured[-1]

    @property
    def gain_of_doubling(self) -> float:
        """Accuracy that twice as many examples are expected to add."""
        return self.expected[0].accuracy - self.now.accuracy


def continued(sizes: Numbers, errors: Numbers, ahead: Numbers) -> Numbers:
    """Errors at the sizes `ahead`, shape (rows, ahead), by the law nearest to each row of errors.

    The law is `a + b n^-c` with a and b not negative, the power law of learning curves after
    Cortes et al. (1993). For each exponent c it is linear least squares; points weigh by their
    number of examples. `errors` has shape (rows, sizes).
    """
    weights = sizes / sizes.sum()
    best = np.full(len(errors), np.inf)
    found = np.zeros((len(errors), len(ahead)))
    for exponent in _EXPONENTS:
        falling = sizes**-exponent
        centre, mean = weights @ falling, errors @ weights
        spread = weights @ (falling - centre) ** 2
        slope = np.maximum((errors - mean[:, None]) @ (weights * (falling - centre)) / spread, 0.0)
        floor = mean - slope * centre
        bare = floor < 0
        slope = np.where(bare, errors @ (weights * falling) / (weights @ falling**2), slope)
        floor = np.where(bare, 0.0, floor)
        rest = errors - floor[:, None] - slope[:, None] * falling
        misfit = rest**2 @ weights
        better = misfit < best
        best = np.where(better, misfit, best)
        law = floor[:, None] + slope[:, None] * ahead**-exponent
        found = np.where(better[:, None], law, found)
    return found


def _accuracy(
    known: Phrases,
    label_set: LabelSet,
    taught: tuple[Sequence[Example], Vectors],
    held: tuple[Sequence[Example], Features],
    recipe: Recipe,
) -> float:
    material = training(known, label_set, *taught, recipe.phrase_weight)
    head = fit(material, Calibration(recipe.c, Threshold(0.0, met=False), len(taught[0])))
    said = np.array(head.labels)[head.confidences(held[1]).argmax(axis=1)]
    return float((said == np.array([one.label for one in held[0]])).mean())


def measure(
    examples: Sequence[Example], label_set: LabelSet, embedder: Embedder, recipe: Recipe
) -> tuple[list[int], Numbers, int]:
    """Sizes, accuracies of shape (splits, sizes), and how many messages each was judged on.

    Each split holds out a fifth and is taught ever more of the rest, in an order of its own.
    """
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(examples))[:_MOST]
    kept = [examples[place] for place in chosen]
    vectors, known = embedder.embed([one.text for one in kept]), phrases(label_set, embedder)
    held_out = round(_HELD_OUT * len(kept))
    most = len(kept) - held_out
    least = max(10, most // 2 ** (_SIZES - 1))
    sizes = sorted({round(one) for one in np.geomspace(least, most, _SIZES)})
    rows = []
    for _ in range(_SPLITS):
        order = rng.permutation(len(kept))
        held, rest = order[:held_out], order[held_out:]
        judged = [kept[place] for place in held]
        read = Features(vectors[held], word_counts([one.text for one in judged]))
        rows.append(
            [
                _accuracy(
                    known,
                    label_set,
                    ([kept[place] for place in rest[:size]], vectors[rest[:size]]),
                    (judged, read),
                    recipe,
                )
                for size in sizes
            ]
        )
    return sizes, np.array(rows), held_out


def extrapolated(sizes: Sequence[int], accuracies: Numbers, held_out: int) -> Curve:
    """The curve through measured accuracies, shape (splits, sizes), with intervals by bootstrap.

    Resampled are the splits, and within each the messages it was judged on.
    """
    rng = np.random.default_rng(1)
    known = np.array(sizes, dtype=float)
    ahead = known[-1] * np.array([2.0, 5.0])
    picked = accuracies[rng.integers(0, len(accuracies), (_RESAMPLES, len(accuracies)))]
    seen = (rng.binomial(held_out, picked) / held_out).mean(axis=1)
    means = accuracies.mean(axis=0)
    [expected] = 1 - _ahead(known, 1 - means[None], ahead)
    drawn = 1 - _ahead(known, 1 - seen, ahead)
    return Curve(_points(known, means, seen), _points(ahead, expected, drawn))


def _ahead(sizes: Numbers, errors: Numbers, ahead: Numbers) -> Numbers:
    """Return the last error of each row, reduced by the share that its law predicts.

    The law misses the last point by some noise; from the point itself no curve falls.
    """
    law = continued(sizes, errors, np.append(sizes[-1], ahead))
    share = law[:, 1:] / np.maximum(law[:, :1], 1e-12)
    shrunk: Numbers = errors[:, -1:] * share
    return shrunk


def _points(sizes: Numbers, values: Numbers, drawn: Numbers) -> tuple[Point, ...]:
    low, high = np.quantile(drawn, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=0)
    rows = zip(sizes, values, np.minimum(low, values), np.maximum(high, values), strict=True)
    return tuple(Point(round(n), float(value), float(a), float(b)) for n, value, a, b in rows)


def learning_curve(
    examples: Sequence[Example], label_set: LabelSet, embedder: Embedder, recipe: Recipe
) -> Curve | None:
    """The curve of these examples, as they are taught to the local model; None with too few."""
    usable = [one for one in examples if one.label in label_set.names]
    if len(usable) < AT_LEAST or len({one.label for one in usable}) < 2:  # noqa: PLR2004
        return None
    return extrapolated(*measure(usable, label_set, embedder, recipe))
