"""Compares champion and challenger: figures of each, paired differences, differing messages."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from classifiers.evaluation import Evaluation, best
from learning.config import GateConfig
from learning.gate.paired import Paired, clearly_less, holm, paired
from learning.gate.trial import Answers, HeldOut


@dataclass(frozen=True, slots=True)
class Side:
    """The figures of champion or challenger; `usd_per_1000` is the cost of 1,000 messages."""

    classifier: str
    figures: Evaluation
    usd_per_1000: float


@dataclass(frozen=True, slots=True)
class LabelChange:
    """The paired change on a label's messages; `p_worse` is adjusted for testing all labels."""

    label: str
    change: Paired
    p_worse: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A message on which champion and challenger differ."""

    text: str
    label: str
    champion: str | None
    challenger: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The figures behind a verdict and its report."""

    champion: Side
    challenger: Side
    change: Paired
    interval: tuple[float, float]
    useful: Paired
    labels: tuple[LabelChange, ...]
    cheaper: bool
    faster: bool
    precise: bool
    differences: tuple[Difference, ...]
    confusion: Counter[tuple[str, str]]

    def as_metrics(self) -> dict[str, float]:
        """Return the figures that a promotion stores in its history."""
        new = self.challenger.figures
        return {
            "examples": float(self.change.size),
            "accuracy": round(new.accuracy, 4),
            "macro_f1": round(new.macro_f1, 4),
            "ece": round(new.ece, 4),
            "coverage": round(new.coverage, 4),
            "p50_ms": round(new.p50_ms, 1),
            "p99_ms": round(new.p99_ms, 1),
            "usd_per_1000": round(self.challenger.usd_per_1000, 4),
            "gain": round(self.change.gain, 4),
            "gain_low": round(self.interval[0], 4),
            "gain_high": round(self.interval[1], 4),
            "p": round(self.change.p, 4),
        }


def compare(
    champion: Answers,
    challenger: Answers,
    held_out: HeldOut,
    target_precision: float,
    config: GateConfig,
) -> Comparison:
    """Return both sides' figures and the paired differences between them."""
    labels = held_out.labels
    level = (1 - config.confidence) / 2
    change = paired(champion.right(labels), challenger.right(labels))
    before, after = (side.figures(labels, target_precision) for side in (champion, challenger))
    return Comparison(
        champion=_side(champion, before),
        challenger=_side(challenger, after),
        change=change,
        interval=change.interval(config.confidence),
        useful=paired(champion.useful(labels), challenger.useful(labels)),
        labels=_labels(champion, challenger, held_out, config),
        cheaper=clearly_less(
            champion.costs_usd, challenger.costs_usd, config.cheaper_factor, level
        ),
        faster=_faster(champion, challenger, config, level),
        precise=after.precision >= before.precision or _precise(after, target_precision, level),
        differences=_differences(champion, challenger, held_out),
        confusion=Counter(
            (label, best(prediction) or "")
            for label, prediction in zip(labels, challenger.predictions, strict=True)
        ),
    )


def _faster(champion: Answers, challenger: Answers, config: GateConfig, level: float) -> bool:
    """Return True if the challenger is faster by `faster_factor` and by `faster_ms`."""
    old, new = np.array(champion.times_ms), np.array(challenger.times_ms)
    if len(old) == 0 or np.median(old) - np.median(new) < config.faster_ms:
        return False
    return clearly_less(old, new, config.faster_factor, level)


def _side(answers: Answers, figures: Evaluation) -> Side:
    costs = answers.costs_usd
    return Side(answers.classifier, figures, float(1000 * costs.mean()) if len(costs) else 0.0)


def _labels(
    champion: Answers, challenger: Answers, held_out: HeldOut, config: GateConfig
) -> tuple[LabelChange, ...]:
    """Return the changes of labels with enough examples, with Holm's correction over them."""
    truth = np.array(held_out.labels)
    old, new = champion.right(held_out.labels), challenger.right(held_out.labels)
    counts = Counter(held_out.labels)
    names = [name for name, count in sorted(counts.items()) if count >= config.minimum_per_label]
    changes = [paired(old[truth == name], new[truth == name]) for name in names]
    adjusted = holm([change.p_worse for change in changes])
    return tuple(
        LabelChange(name, change, p)
        for name, change, p in zip(names, changes, adjusted, strict=True)
    )


def _precise(figures: Evaluation, target: float, level: float) -> bool:
    """Return False if the precision is below `target` with a confidence of 1 - `level`."""
    given = round(figures.answered * figures.examples)
    right = round(figures.precision * given)
    return given == right or bool(beta.ppf(1 - level, right + 1, given - right) >= target)


def _differences(
    champion: Answers, challenger: Answers, held_out: HeldOut
) -> tuple[Difference, ...]:
    found = (
        Difference(text, label, best(old), best(new))
        for text, label, old, new in zip(
            held_out.texts,
            held_out.labels,
            champion.predictions,
            challenger.predictions,
            strict=True,
        )
    )
    return tuple(pair for pair in found if pair.champion != pair.challenger)
