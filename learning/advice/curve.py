"""Measures the learning curve, accuracy by number of examples, and extrapolates it."""

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
_MOST = 4_000  # a sample of this size is as good as all examples, and faster
_SPLITS = 6
_SIZES = 6
_HELD_OUT = 0.2
_RESAMPLES = 1_000
_EXPONENTS = np.linspace(0.05, 2.0, 40)
_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Point:
    """The accuracy at a number of examples; `low` and `high` are its 90 % interval."""

    examples: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Measured points, and the points expected with two and five times as many examples."""

    measured: tuple[Point, ...]
    expected: tuple[Point, ...]

    @property
    def now(self) -> Point:
        """Return the last measured point."""
        return self.measured[-1]

    @property
    def gain_of_doubling(self) -> float:
        """Return the accuracy that twice as many examples are expected to add."""
        return self.expected[0].accuracy - self.now.accuracy


def continued(sizes: Numbers, errors: Numbers, ahead: Numbers) -> Numbers:
    """Fit a power law to each row of errors, and return its errors at the sizes `ahead`.

    The law is `a + b n^-c` with a and b not negative, after Cortes et al. (1993): linear least
    squares for each exponent c, with points weighted by their number of examples. `errors` has
    shape (rows, sizes), the result (rows, ahead).
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
    predicted = np.array(head.labels)[head.confidences(held[1]).argmax(axis=1)]
    return float((predicted == np.array([example.label for example in held[0]])).mean())


def measure(
    examples: Sequence[Example], label_set: LabelSet, embedder: Embedder, recipe: Recipe
) -> tuple[list[int], Numbers, int]:
    """Return sizes, accuracies of shape (splits, sizes), and the number of messages held out.

    Each split holds out another random fifth and trains on growing parts of the rest.
    """
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(examples))[:_MOST]
    kept = [examples[place] for place in chosen]
    vectors = embedder.embed([example.text for example in kept])
    known = phrases(label_set, embedder)
    held_out = round(_HELD_OUT * len(kept))
    most = len(kept) - held_out
    least = max(10, most // 2 ** (_SIZES - 1))
    sizes = sorted({round(size) for size in np.geomspace(least, most, _SIZES)})
    rows = []
    for _ in range(_SPLITS):
        order = rng.permutation(len(kept))
        held, rest = order[:held_out], order[held_out:]
        judged = [kept[place] for place in held]
        features = Features(vectors[held], word_counts([example.text for example in judged]))
        rows.append(
            [
                _accuracy(
                    known,
                    label_set,
                    ([kept[place] for place in rest[:size]], vectors[rest[:size]]),
                    (judged, features),
                    recipe,
                )
                for size in sizes
            ]
        )
    return sizes, np.array(rows), held_out


def extrapolated(sizes: Sequence[int], accuracies: Numbers, held_out: int) -> Curve:
    """Return the curve through accuracies of shape (splits, sizes), with bootstrap intervals.

    The bootstrap resamples the splits, and the held-out messages within each split.
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
    """Return the errors expected at the sizes `ahead`: the last error, scaled by the power law.

    The fitted law does not pass exactly through the last point. Scaling avoids a jump there.
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
    """Return the local model's learning curve, or None for fewer than 60 examples or 2 labels."""
    usable = [example for example in examples if example.label in label_set.names]
    if len(usable) < AT_LEAST or len({example.label for example in usable}) < 2:  # noqa: PLR2004
        return None
    return extrapolated(*measure(usable, label_set, embedder, recipe))
