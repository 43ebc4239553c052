"""Each broken bound is named in the line of its fault and in the summary."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults import __main__ as command
from tests.faults.money import Money
from tests.faults.outcome import Messages, Outcome
from tests.faults.use import REST, Bounds, Use

GOOD = Messages(
    sent=9, acked=9, answered=9, dead=0, dead_allowed=0, cards_most=1, corrected=2, kept=2,
    lost=0, twice=0,
)  # fmt: skip
USE = Use(rss_mb=150.0, sockets=REST, files=4)


def outcome(name: str, *broken: str) -> Outcome:
    return Outcome(name, GOOD, 0.0, {"worker0": USE}, {"worker0": USE}, "", broken)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"lost": 1}, "lost: 1 of 9"),
        ({"twice": 2}, "twice: 2 messages"),
        ({"cards_most": 3}, "cards: 3 of one message"),
        ({"dead": 1}, "dead letters: 1, exactly 0 allowed"),
        ({"dead_allowed": 1}, "dead letters: 0, exactly 1 allowed"),
        ({"kept": 1}, "corrections: 1 of 2"),
    ],
)
def test_a_broken_bound_of_messages_is_reported(changed: dict[str, Any], named: str) -> None:
    assert GOOD.broken() == []
    [problem] = replace(GOOD, **changed).broken()
    assert problem.startswith(named)


@pytest.mark.parametrize(
    ("after", "named"),
    [
        (replace(USE, rss_mb=161.0), "memory of worker0: 150 → 161 MB, at most 160 allowed"),
        (replace(USE, sockets=REST + 1), f"sockets of worker0: {REST + 1}, at most {REST} allowed"),
        (replace(USE, files=5), "files open in worker0: 4 → 5, no more allowed"),
    ],
)
def test_a_broken_bound_of_a_process_is_reported(after: Use, named: str) -> None:
    bounds = Bounds(more_mb=10.0)
    assert bounds.broken("worker0", USE, USE) == []
    assert bounds.broken("worker0", USE, after) == [named]


def test_a_broken_bound_of_money_is_reported() -> None:
    assert Money(1.1, budget=1.0, more=0.2).broken() == []
    assert Money(1.3, budget=1.0, more=0.2).broken() == [
        "money: $ 1.300 spent, at most $ 1.200 allowed"
    ]
    assert Money(0.5, budget=1.0, more=0.2).broken() == [
        "money: $ 0.500 spent, so the budget was not reached"
    ]
    assert Money(5.0).broken() == []


BROKEN = """2 faults, 2 of them broke a bound:
  none: lost: 1 of 9
  none: files: 5
  Redis killed: lost: 1 of 9
  Redis killed: files: 5"""


@pytest.mark.parametrize(
    ("broken", "status", "summary"),
    [
        ((), 0, "2 faults, all bounds held"),
        (("lost: 1 of 9", "files: 5"), 1, BROKEN),
    ],
)
def test_the_command_exits_with_1_and_lists_broken_bounds(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    broken: tuple[str, ...],
    status: int,
    summary: str,
) -> None:
    async def one(name: str, per_second: float) -> Outcome:
        assert per_second
        return outcome(name, *broken)

    monkeypatch.setattr(command, "one", one)
    monkeypatch.setattr(command, "OUT", tmp_path / "faults.json")
    assert command.main(["none", "Redis killed"]) == status
    out = capsys.readouterr().out
    assert out.strip().endswith(summary)
    assert ("Redis killed: fine" in out) == (status == 0)
    assert "| fault | sent |" in out


def test_an_unfinished_fault_is_located_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def one(name: str, per_second: float) -> Outcome:
        assert per_second
        if name == "none":
            raise TimeoutError("the fault did not come")
        return outcome(name)

    monkeypatch.setattr(command, "one", one)
    monkeypatch.setattr(command, "OUT", tmp_path / "faults.json")
    assert command.main(["none", "Redis killed"]) == 1
    out = capsys.readouterr().out
    last = out.strip().splitlines()[-1]
    assert last.startswith("  none: not finished: TimeoutError the fault did not come")
    assert "test_bounds.py" in last
    assert "Redis killed: fine" in out


def test_an_unknown_fault_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["Redis kiled"]) == 2
    assert "no such fault: Redis kiled" in capsys.readouterr().out
