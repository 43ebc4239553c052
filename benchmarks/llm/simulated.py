"""Simulate the cascade with LLMs of known accuracy.

An LLM of accuracy a names the true label with probability a, and otherwise a wrong label: `alike`
draws it in proportion to the local classifier's scores, `evenly` from all labels. Messages are
from the full training part without the 10-shot part, so no test part is used.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.classify.data import read, sampled
from benchmarks.llm.curve import curve, point
from benchmarks.llm.desks import desk
from classifiers.base import Label, LabelSet, Prediction, Score, Usage
from classifiers.cascade.worth import Judged, Terms, combine
from classifiers.evaluation import best, expected_calibration_error

_PER_THOUSAND = 1000
_COST = 0.0002


def named(
    local: Prediction,
    truth: str,
    names: Sequence[str],
    accuracy: float,
    how: str,
    rng: random.Random,
) -> str:
    """Return the label that a simulated LLM names."""
    if rng.random() < accuracy:
        return truth
    if how == "evenly":
        return rng.choice([name for name in names if name != truth])
    wrong = [score for score in local.alternatives if score.label != truth]
    return rng.choices([score.label for score in wrong], [score.confidence for score in wrong])[0]


def simulate(
    local: Sequence[Prediction],
    truth: Sequence[str],
    names: Sequence[str],
    accuracy: float,
    how: str,
) -> dict[str, Any]:
    """Return the default and the best threshold's figures, and the ECE of combined confidence."""
    rng = random.Random(0)  # noqa: S311 - repeatable on purpose
    answers = [
        named(prediction, label, names, accuracy, how, rng)
        for prediction, label in zip(local, truth, strict=True)
    ]
    llm = [
        Prediction(answer, accuracy, (Score(answer, accuracy),), usage=Usage(1, 0, 1, _COST))
        for answer in answers
    ]
    judged = Judged(round(accuracy * _PER_THOUSAND), round((1 - accuracy) * _PER_THOUSAND))
    terms = Terms(call_price_usd=_COST)
    asked = [terms.pays(prediction.alternatives, judged, given=True) for prediction in local]
    sure, right = [], []
    for prediction, answer, label, ask in zip(local, answers, truth, asked, strict=True):
        if ask:
            sure.append(combine(answer, prediction.alternatives, judged.accuracy)[0].confidence)
            right.append(answer == label)
    default = point(local, llm, truth, judged.accuracy - _COST / terms.error_price_usd)
    top = max(curve(local, llm, truth), key=lambda at: (at["accuracy"], -at["share"]))
    return {
        "accuracy": accuracy,
        "errors": how,
        "local": sum(
            best(prediction) == label for prediction, label in zip(local, truth, strict=True)
        )
        / len(truth),
        "default": default,
        "best": top,
        "joined_ece": expected_calibration_error(sure, right),
    }


def folders(data: Path) -> list[Path]:
    """Return the folders of data sets with a 10-shot part."""
    return sorted(path.parent for path in data.glob("*/train_10shot.csv"))


async def run(data: Path, size: int) -> list[dict[str, Any]]:
    """Return the figures of each data set on a sample of `size` messages."""
    found = []
    for folder in folders(data):
        taught = read(folder / "train_10shot.csv")
        known = {text for text, _ in taught}
        rest = [row for row in read(folder / "train_full.csv") if row[0] not in known]
        labels = LabelSet(tuple(Label(name) for name in sorted({label for _, label in taught})))
        sample = await desk(folder.name, labels, taught, sampled(tuple(rest), size))
        local = await sample.local.classify([text for text, _ in sample.asked])
        truth = [label for _, label in sample.asked]
        found += [
            {"desk": sample.name} | simulate(local, truth, labels.names, accuracy, how)
            for accuracy in (0.5, 0.8, 0.9, 0.95)
            for how in ("alike", "evenly")
        ]
    return found
