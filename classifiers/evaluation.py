"""Measure predictions against true labels: accuracy, calibration, coverage and speed."""

from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.base import Prediction
from classifiers.plural import plural

_BINS = 15

Numbers = Sequence[float] | npt.NDArray[np.float64]
Truths = Sequence[bool] | npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class PerLabel:
    """Figures of one label in [0, 1]; `support` is the number of texts with this label."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of a classifier on a test set; shares are in [0, 1], times in milliseconds.

    Accuracy, macro F1 and ECE count the best label even if the classifier abstained. `coverage` is
    the largest share of texts that any threshold chosen on this set would answer at the target
    precision. `answered` and `precision` are those at the classifier's threshold.
    """

    examples: int
    accuracy: float
    macro_f1: float
    ece: float
    coverage: float
    answered: float
    precision: float
    per_label: dict[str, PerLabel]
    p50_ms: float
    p99_ms: float
    per_second: float

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as JSON types, rounded to four digits."""
        found: dict[str, Any] = _rounded(asdict(self))
        return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def best(prediction: Prediction) -> str | None:
    """Return the best label, even of an abstention, or None if no label has a score."""
    return prediction.alternatives[0].label if prediction.alternatives else prediction.label


def expected_calibration_error(confidences: Numbers, right: Truths) -> float:
    """Return the ECE in [0, 1]: the mean gap between confidence and accuracy in 15 equal bins.

    After Guo et al., "On Calibration of Modern Neural Networks" (2017).
    """
    if not len(confidences):
        return 0.0
    scores, hits = np.asarray(confidences), np.asarray(right, dtype=float)
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=scores - hits, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(scores))


def coverage_at(confidences: Numbers, right: Truths, precision: float) -> float:
    """Return the largest share of texts that a threshold can answer with at least `precision`.

    Texts with equal confidence are on the same side of any threshold.
    """
    if not len(confidences):
        return 0.0
    scores = np.asarray(confidences)
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    shares = np.cumsum(np.asarray(right, dtype=float)[order]) / np.arange(1, len(order) + 1)
    last_of_equals = np.append(ranked[:-1] != ranked[1:], np.True_)
    good = np.flatnonzero((shares >= precision) & last_of_equals)
    return float((good[-1] + 1) / len(order)) if len(good) else 0.0


def auroc(known: Sequence[float], unknown: Sequence[float]) -> float:
    """Return the probability that a known message scores above an unknown one; ties count half.

    This is the area under the ROC curve (Hanley and McNeil, 1982). Raise ValueError if `known` or
    `unknown` is empty.
    """
    if not known or not unknown:
        raise ValueError("AUROC needs at least one known and one unknown score")
    below = np.sort(np.array(unknown))
    ranks = np.searchsorted(below, known, "left") + np.searchsorted(below, known, "right")
    return float(ranks.mean() / 2 / len(below))


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The parts of predictions that a Tally needs; `answered` is False for abstentions."""

    labels: tuple[str | None, ...]
    confidences: tuple[float, ...]
    answered: tuple[bool, ...]


def verdicts(predictions: Sequence[Prediction]) -> Verdicts:
    """Return the best labels of predictions, their confidences, and if they were answered."""
    return Verdicts(
        tuple(best(prediction) for prediction in predictions),
        tuple(prediction.confidence for prediction in predictions),
        tuple(not prediction.abstained for prediction in predictions),
    )


class Tally:
    """Collects verdicts and true labels, at 17 bytes each, and evaluates them."""

    def __init__(self) -> None:
        self._codes: dict[str | None, int] = {}
        self._predicted, self._truth = array("i"), array("i")
        self._confidences, self._answered = array("d"), array("b")

    def add(self, found: Verdicts, labels: Sequence[str]) -> None:
        """Add verdicts with their true labels; raise ValueError if their numbers differ."""
        if len(found.labels) != len(labels):
            raise ValueError(
                f"{plural(len(found.labels), 'verdict')} with {plural(len(labels), 'true label')}"
            )
        self._predicted.extend(map(self._code, found.labels))
        self._truth.extend(map(self._code, labels))
        self._confidences.extend(found.confidences)
        self._answered.extend(found.answered)

    @property
    def size(self) -> int:
        """Return the number of verdicts."""
        return len(self._truth)

    def _code(self, label: str | None) -> int:
        return self._codes.setdefault(label, len(self._codes))

    def evaluation(
        self, target_precision: float, times_ms: Sequence[float], per_second: float
    ) -> Evaluation:
        """Return the figures of all verdicts; `times_ms` are latencies of single messages."""
        predicted, truth = np.frombuffer(self._predicted, "i4"), np.frombuffer(self._truth, "i4")
        confidences = np.frombuffer(self._confidences)
        answered = np.frombuffer(self._answered, np.bool_)
        right = predicted == truth
        by_label = self._per_label(predicted, truth, right)
        count, given = max(1, len(truth)), max(1, int(answered.sum()))
        return Evaluation(
            examples=len(truth),
            accuracy=int(right.sum()) / count,
            macro_f1=sum(label.f1 for label in by_label.values()) / max(1, len(by_label)),
            ece=expected_calibration_error(confidences, right),
            coverage=coverage_at(confidences, right, target_precision),
            answered=int(answered.sum()) / count,
            precision=int((right & answered).sum()) / given,
            per_label=by_label,
            p50_ms=float(np.percentile(times_ms, 50)) if times_ms else 0.0,
            p99_ms=float(np.percentile(times_ms, 99)) if times_ms else 0.0,
            per_second=per_second,
        )

    def _per_label(
        self, predicted: Codes, truth: Codes, right: npt.NDArray[np.bool_]
    ) -> dict[str, PerLabel]:
        size = len(self._codes)
        given, supports = np.bincount(predicted, minlength=size), np.bincount(truth, minlength=size)
        hits = np.bincount(truth[right], minlength=size)
        names = [name for name, code in self._codes.items() if name is not None and supports[code]]
        return {
            name: _per_label(
                *(int(counts[self._codes[name]]) for counts in (hits, given, supports))
            )
            for name in sorted(names)
        }


def _per_label(hits: int, given: int, support: int) -> PerLabel:
    precision = hits / given if given else 0.0
    return PerLabel(precision, hits / support, 2 * hits / (given + support), support)


def judge(
    predictions: Sequence[Prediction],
    labels: Sequence[str],
    target_precision: float,
    times_ms: Sequence[float],
    per_second: float,
) -> Evaluation:
    """Return the figures of predictions against true labels of the same length and order."""
    tally = Tally()
    tally.add(verdicts(predictions), labels)
    return tally.evaluation(target_precision, times_ms, per_second)
