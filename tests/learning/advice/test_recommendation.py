"""The recommendation follows from a team's numbers."""

from dataclasses import replace
from datetime import date

import pytest

from learning.advice.curve import Curve, Point
from learning.advice.facts import (
    Agreement,
    Facts,
    PromptingRecord,
    agreement,
    judged,
    per_month,
    times,
)
from learning.advice.picture import curve_png
from learning.advice.recommendation import OptionPrice, advise, closing
from learning.advice.report import advice_lines
from storage.examples.examples import Correction, StoredExample
from storage.series import ShownAnswer

TODAY = date(2026, 11, 24)


def curve(now: float, doubled: float) -> Curve:
    sizes = (100, 200)
    measured = tuple(Point(n, now, now - 0.02, now + 0.02) for n in sizes)
    expected = tuple(Point(n, doubled, doubled - 0.03, min(1, doubled + 0.03)) for n in (400, 1000))
    return Curve(measured, expected)


BASE = Facts(
    counts={"A": 120, "B": 90},
    labels=("A", "B"),
    agreement=Agreement(0, 0),
    curve=curve(0.8, 0.801),
    per_month=10_000.0,
    prompting=PromptingRecord(0, 0, 0.0, 0.0),
    llm_usd=None,
    times_ms={"local": 5.0},
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"counts": {"A": 50, "B": 9}}, "collect 41 more good examples first"),
        ({"counts": {"A": 200, "B": 4}}, "Correct at least 6 more B requests"),
        ({"curve": None}, "Continue as now and correct labels"),
        ({"agreement": Agreement(40, 30)}, "Clarify the labels"),
        ({"curve": curve(0.95, 0.951)}, "Stay with the local model"),
        ({"curve": curve(0.8, 0.85)}, "Continue to correct"),
        ({"prompting": PromptingRecord(100, 95, 0.95, 0.95)}, "Stay with prompting"),
        ({}, "Fine-tune a hosted model"),
        ({"prompting": PromptingRecord(100, 80, 0.8, 0.8)}, "Fine-tune a hosted model"),
    ],
)
def test_each_state_has_its_advice(changes: dict[str, object], words: str) -> None:
    facts = replace(BASE, **changes)  # type: ignore[arg-type]
    found = advise(facts, [OptionPrice("local", 0.0), OptionPrice("llm", 0.2)], 0.9, TODAY)
    assert words in found.do
    assert found.because
    assert [one.usd_per_month for one in found.options] == [0.0, 2.0]
    assert found.options[0].ms == 5.0
    lines = advice_lines(found, facts)
    assert found.do == lines[0]
    assert any("$2.00 a month" in line for line in lines)
    assert not any("90% intervals" in line for line in lines)
    if facts.curve is not None:
        assert any("90% intervals" in line for line in advice_lines(found, facts, verbose=True))


def test_closing_dates_count_the_days_left() -> None:
    assert closing(TODAY)[0].startswith("2027-01-06, in 43 days")
    assert "2027-01-14, in 4 days" in closing(date(2027, 1, 10))[1]
    assert "over" in closing(date(2027, 1, 10))[0]


def test_the_curve_is_drawn() -> None:
    assert curve_png(curve(0.8, 0.85), 0.9).startswith(b"\x89PNG")


def test_agreement_counts_each_agents_last_label() -> None:
    def step(who: str, after: str | None) -> Correction:
        return Correction(who=who, when="1", before=None, after=after)

    histories = [
        [step("U1", "A"), step("U2", "B"), step("U2", "A")],
        [step("U1", "A"), step("U2", "B")],
        [step("U1", "A"), step("U1", "B")],
        [step("U1", "A"), step("U2", None)],
    ]
    assert agreement(histories) == Agreement(2, 1)


def test_judged_answers_volume_and_times() -> None:
    examples = [
        StoredExample(
            id=str(n),
            text="t",
            label="A",
            source="correction",
            label_set="v",
            when=str(n),
            predicted="A" if n >= 2 else "B",
            classifier="llm:m:1" if n < 4 else "local:1",
        )
        for n in range(6)
    ]
    assert judged(examples, "llm:") == PromptingRecord(4, 2, 0.0, 1.0)
    day = 24 * 3600.0
    answers = [
        ShownAnswer(at=n * day, label="A", classifier=kind, ms=ms)
        for n, (kind, ms) in enumerate([("local:1", 4), ("local:1", 6), ("llm:m:1", 900)])
    ]
    assert per_month(answers, now=3 * day) == pytest.approx(30)
    assert per_month(answers, now=0.5 * day) is None
    assert per_month([]) is None
    assert times(answers) == {"local": 5.0, "llm": 900.0}
