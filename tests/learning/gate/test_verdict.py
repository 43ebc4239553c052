"""The gate promotes on a real gain, or if not worse and cheaper or faster; otherwise it keeps."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from classifiers.base import Prediction, Score, Usage
from learning.config import GateConfig
from learning.gate.comparison import Comparison, compare
from learning.gate.trial import Answers, HeldOut
from learning.gate.verdict import decide

LABELS = ("A", "B", "C")
CONFIG = GateConfig()


def held_out(size: int) -> HeldOut:
    return HeldOut(
        tuple(f"text {n}" for n in range(size)), tuple(LABELS[n % 3] for n in range(size))
    )


def predicted(label: str, confidence: float = 0.95, cost: float = 0.0) -> Prediction:
    return Prediction(
        label=label,
        confidence=confidence,
        alternatives=(Score(label, confidence),),
        usage=Usage(cost_usd=cost),
    )


def answers(
    right: Sequence[bool], ms: float = 5.0, cost: float = 0.0, *, silent: bool = False
) -> Answers:
    truth = held_out(len(right)).labels
    predictions = tuple(
        predicted(label if hit else LABELS[(LABELS.index(label) + 1) % 3], cost=cost)
        for label, hit in zip(truth, right, strict=True)
    )
    if silent:
        predictions = tuple(replace(one, label=None) for one in predictions)
    rng = np.random.default_rng(0)
    times = ms * rng.lognormal(0, 0.3, 200)
    return Answers("c", predictions, tuple(times.tolist()))


def shares(size: int, gained: float, lost: float) -> tuple[list[bool], list[bool]]:
    """Return right answers of champion and challenger, with these shares gained and lost."""
    rng = np.random.default_rng(1)
    kinds = np.array(
        ["gained"] * round(size * gained)
        + ["lost"] * round(size * lost)
        + ["wrong"] * round(size * 0.05)
    )
    kinds = np.concatenate([kinds, np.full(size - len(kinds), "right")])
    rng.shuffle(kinds)
    return list(np.isin(kinds, ["right", "lost"])), list(np.isin(kinds, ["right", "gained"]))


def judged(
    champion: Answers, challenger: Answers, config: GateConfig = CONFIG, target: float = 0.8
) -> Comparison:
    return compare(champion, challenger, held_out(len(champion.predictions)), target, config)


def test_a_clear_gain_is_promoted() -> None:
    old, new = shares(1000, 0.06, 0.02)
    found = judged(answers(old), answers(new))
    verdict = decide(found, CONFIG)
    assert verdict.promote
    assert verdict.reasons == (
        "it got 40 more of 1,000 requests right (+4.0% accuracy), more than chance explains",
    )
    assert found.as_metrics()["gain"] == 0.04
    assert len(found.differences) == 80
    assert found.confusion["A", "A"] > 250


def test_too_few_examples_decide_nothing() -> None:
    old, new = shares(40, 0.4, 0.0)
    verdict = decide(judged(answers(old), answers(new)), CONFIG)
    assert not verdict.promote
    assert verdict.missing == ("10 more held-out examples, before the models can be compared",)


def test_a_gain_that_may_be_chance_names_the_examples_needed() -> None:
    old, new = shares(300, 0.06, 0.04)
    verdict = decide(judged(answers(old), answers(new)), CONFIG)
    assert not verdict.promote
    assert verdict.reasons == (
        "no clear gain: it got 6 more of 300 requests right (+2.0% accuracy), which may be chance",
    )
    assert "more held-out examples" in verdict.missing[0]


def test_a_loss_is_never_promoted() -> None:
    old, new = shares(1000, 0.02, 0.06)
    verdict = decide(judged(answers(old), answers(new)), CONFIG)
    assert not verdict.promote
    assert any("a better model" in one or "label" in one for one in verdict.missing)


def test_a_label_that_got_worse_stops_a_gain() -> None:
    truth = held_out(900).labels
    rng = np.random.default_rng(2)
    old = [label == "A" or bool(rng.random() < 0.7) for label in truth]
    new = [label != "A" or bool(rng.random() < 0.9) for label in truth]
    found = judged(answers(old), answers(new))
    assert found.change.gain > 0.1
    verdict = decide(found, CONFIG)
    assert not verdict.promote
    assert verdict.missing[0].startswith("label A got worse")
    assert len(verdict.missing) == 1


def test_rare_labels_are_not_tested() -> None:
    old, new = shares(60, 0.2, 0.0)
    config = GateConfig(minimum_per_label=30)
    assert judged(answers(old), answers(new), config).labels == ()


@pytest.mark.parametrize(("ms", "promoted"), [(5.0, False), (400.0, True), (900.0, True)])
def test_a_faster_model_that_is_not_worse_is_promoted(ms: float, *, promoted: bool) -> None:
    old, new = shares(1000, 0.02, 0.02)
    verdict = decide(judged(answers(old, ms=ms), answers(new, ms=5.0)), CONFIG)
    assert verdict.promote is promoted
    assert ("faster" in verdict.reasons[0]) is promoted


def test_a_cheaper_model_is_promoted_unless_it_may_be_worse() -> None:
    old, new = shares(1000, 0.02, 0.02)
    cheap = decide(judged(answers(old, cost=2e-4), answers(new, cost=5e-5)), CONFIG)
    assert cheap.promote
    assert "$0.05 instead of $0.20" in cheap.reasons[0]
    old, new = shares(100, 0.04, 0.04)
    unsure = decide(judged(answers(old, cost=2e-4), answers(new, cost=5e-5)), CONFIG)
    assert not unsure.promote


def test_a_model_over_a_limit_is_not_promoted() -> None:
    old, new = shares(1000, 0.06, 0.02)
    config = GateConfig(p99_ms=300.0, usd_per_1000=0.1)
    verdict = decide(judged(answers(old), answers(new, ms=900, cost=1e-3), config), config)
    assert not verdict.promote
    assert "[gate] p99_ms" in verdict.missing[0]
    assert "$1.00" in verdict.missing[1]


def test_a_model_that_abstains_too_often_is_not_promoted() -> None:
    old, new = shares(1000, 0.06, 0.02)
    verdict = decide(judged(answers(old), answers(new, silent=True)), CONFIG)
    assert not verdict.promote
    assert "fewer requests get their right label" in verdict.missing[0]


def test_a_model_below_the_target_precision_is_not_promoted() -> None:
    old, new = shares(1000, 0.06, 0.02)
    careful = answers(old)
    careful = replace(
        careful,
        predictions=tuple(
            one if hit else replace(one, label=None)
            for one, hit in zip(careful.predictions, old, strict=True)
        ),
    )
    verdict = decide(judged(careful, answers(new), target=0.97), CONFIG)
    assert not verdict.promote
    assert "target_precision" in verdict.missing[0]


def test_equal_models_are_rarely_promoted_and_better_ones_mostly() -> None:
    """Repeat a small part of `make bench-learning`."""
    rng = np.random.default_rng(4)
    promoted = {"same": 0, "better": 0}
    for name, gain in (("same", 0.0), ("better", 0.03)):
        for _ in range(40):
            kinds = rng.choice(3, 1000, p=[(0.08 + gain) / 2, (0.08 - gain) / 2, 1 - 0.08])
            base = rng.random(1000) < 0.95
            old = np.where(kinds == 2, base, kinds == 1)
            new = np.where(kinds == 2, base, kinds == 0)
            found = judged(answers(old.tolist()), answers(new.tolist()))
            promoted[name] += decide(found, CONFIG).promote
    assert promoted["same"] <= 2
    assert promoted["better"] >= 32
