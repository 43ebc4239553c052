"""How good predictions are: accuracy, calibration, coverage and speed."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from support_triage.classifiers.base import Classifier, Prediction

_BINS = 15
_TIMED = 200
_BATCH = 256


@dataclass(frozen=True, slots=True)
class PerLabel:
    """Figures of one label; `support` is how many texts carry it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one classifier on one test set; shares in [0, 1], times in milliseconds.

    Accuracy, macro F1 and ECE count the best label also where the classifier abstained;
    `coverage` is the share that could be answered at the target precision, were the threshold
    chosen on this set; `answered` and `precision` are what it did by its own threshold.
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
        """Everything as JSON types, rounded to four digits."""
        found: dict[str, Any] = _rounded(asdict(self))
        return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value


def best(prediction: Prediction) -> str | None:
    """The best label, also of a prediction that abstains; None where nothing was scored."""
    return prediction.alternatives[0].label if prediction.alternatives else prediction.label


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """ECE over 15 bins of equal width: the mean gap between confidence and accuracy.

    After Guo et al., "On Calibration of Modern Neural Networks" (2017).
    """
    if not confidences:
        return 0.0
    scores, hits = np.array(confidences), np.array(right, dtype=float)
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=scores - hits, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(scores))


def coverage_at(confidences: Sequence[float], right: Sequence[bool], precision: float) -> float:
    """The largest share of texts, most confident first, that is right to at least `precision`.

    A threshold cannot part equal confidences, so they are taken or left together.
    """
    if not confidences:
        return 0.0
    order = np.argsort(-np.array(confidences), kind="stable")
    ranked = np.array(confidences)[order]
    shares = np.cumsum(np.array(right, dtype=float)[order]) / np.arange(1, len(order) + 1)
    last_of_equals = np.append(ranked[:-1] != ranked[1:], np.True_)
    good = np.flatnonzero((shares >= precision) & last_of_equals)
    return float((good[-1] + 1) / len(order)) if len(good) else 0.0


def auroc(known: Sequence[float], unknown: Sequence[float]) -> float:
    """The chance that a known message scores above an unknown one; equals count half.

    This is the area under the ROC curve (Hanley and McNeil, 1982); ValueError where one is empty.
    """
    if not known or not unknown:
        raise ValueError("AUROC needs at least one known and one unknown score")
    below = np.sort(np.array(unknown))
    ranks = np.searchsorted(below, known, "left") + np.searchsorted(below, known, "right")
    return float(ranks.mean() / 2 / len(below))


def per_label(predicted: Sequence[str | None], labels: Sequence[str]) -> dict[str, PerLabel]:
    """Figures of each label that the true `labels` hold, in alphabetical order."""
    given, supports = Counter(predicted), Counter(labels)
    hits = Counter(one for one, true in zip(predicted, labels, strict=True) if one == true)
    found: dict[str, PerLabel] = {}
    for name, support in sorted(supports.items()):
        precision = hits[name] / given[name] if given[name] else 0.0
        recall = hits[name] / support
        f1 = 2 * hits[name] / (given[name] + support)
        found[name] = PerLabel(precision, recall, f1, support)
    return found


def judge(
    predictions: Sequence[Prediction],
    labels: Sequence[str],
    target_precision: float,
    times_ms: Sequence[float],
    per_second: float,
) -> Evaluation:
    """Figures of predictions against true labels, both of the same length and order."""
    predicted = [best(one) for one in predictions]
    right = [one == true for one, true in zip(predicted, labels, strict=True)]
    confidences = [one.confidence for one in predictions]
    answered = [hit for hit, one in zip(right, predictions, strict=True) if not one.abstained]
    by_label = per_label(predicted, labels)
    count = max(1, len(labels))
    return Evaluation(
        examples=len(labels),
        accuracy=sum(right) / count,
        macro_f1=sum(one.f1 for one in by_label.values()) / max(1, len(by_label)),
        ece=expected_calibration_error(confidences, right),
        coverage=coverage_at(confidences, right, target_precision),
        answered=len(answered) / count,
        precision=sum(answered) / max(1, len(answered)),
        per_label=by_label,
        p50_ms=float(np.percentile(times_ms, 50)) if times_ms else 0.0,
        p99_ms=float(np.percentile(times_ms, 99)) if times_ms else 0.0,
        per_second=per_second,
    )


async def evaluate(
    classifier: Classifier, texts: Sequence[str], labels: Sequence[str], target_precision: float
) -> Evaluation:
    """Classify all texts in batches, and up to 200 of them one by one for the times."""
    started = time.perf_counter()
    predictions: list[Prediction] = []
    for start in range(0, len(texts), _BATCH):
        predictions += await classifier.classify(texts[start : start + _BATCH])
    per_second = len(texts) / max(1e-9, time.perf_counter() - started)
    times = []
    for text in texts[:_TIMED]:
        before = time.perf_counter()
        await classifier.classify([text])
        times.append((time.perf_counter() - before) * 1000)
    return judge(predictions, labels, target_precision, times, per_second)
