"""Findings before money is spent: on examples, the provider and shutdown dates."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import Label, LabelSet
from classifiers.tokens import text_tokens
from learning.finetune import shutdown_dates as closing
from learning.finetune.backend import Level, PreflightFinding, RefusedError
from learning.finetune.plan import Confirmation, begin, missing_confirmations, plan
from learning.finetune.preflight import examine
from learning.finetune.training_file import refusals, training_file
from storage.examples.snapshots import Snapshot, SnapshotExample
from storage.server.protocol import Client
from tests.learning.finetune.world import LABELS, TEAM, backend_of, snapshot, trainer_of
from tests.learning.finetuning_server import Fault, failed, finetuning_server


def shot(*labels: str, held_out: int = 30, text: str = "words", **more: Any) -> Snapshot:
    label_set = more.get("label_set", LABELS)

    def examples(names: tuple[str, ...], side: str) -> tuple[SnapshotExample, ...]:
        return tuple(
            SnapshotExample(f"{side}{n}", f"{text} {n}", name, "correction", "v", f"{n}.0")
            for n, name in enumerate(names)
        )

    test = (label_set.names[0],) * held_out
    return Snapshot("s", label_set, "1.0", examples(labels, "a"), examples(test, "b"))


def said(found: list[PreflightFinding]) -> dict[Level, str]:
    return {one.level: one.message for one in found}


BOTH = ("BILLING", "TECHNICAL")


@pytest.mark.parametrize(
    ("what", "level", "words"),
    [
        (shot(*BOTH * 4), Level.REFUSE, "but at least 10 are needed"),
        (
            shot(*BOTH * 20),
            Level.ADVISE,
            "wait for 100, because below that, a hosted model is no better",
        ),
        (shot(*BOTH * 60, held_out=0), Level.ADVISE, "none of 120 examples is held out"),
        (shot(*("BILLING",) * 100), Level.ADVISE, "no example of TECHNICAL"),
        (shot(*("BILLING",) * 100, "TECHNICAL"), Level.NOTE, "100 examples of BILLING, 1 of"),
        (shot(*BOTH * 60, text="long " * 1000), Level.NOTE, "longer than 4000 characters"),
        (shot(*BOTH * 60, text="\u5b57" * 3000), Level.REFUSE, "more than the 2000 tokens"),
    ],
)
def test_unsuitable_examples_are_reported(what: Snapshot, level: Level, words: str) -> None:
    assert words in said(examine(what, hosted=True, longest=2000))[level]


def test_enough_balanced_examples_have_no_findings() -> None:
    assert examine(shot(*BOTH * 60), hosted=True, longest=2000) == []


def test_long_descriptions_count_too() -> None:
    labels = LabelSet(tuple(Label(f"L{n}", "what it means " * 20) for n in range(150)))
    what = shot(*labels.names, label_set=labels)
    found = said(examine(what, hosted=True, longest=8192))
    assert "Shorten the labels' descriptions" in found[Level.REFUSE]
    assert Level.REFUSE not in said(examine(what, hosted=False, longest=None))


@given(st.text(max_size=200), st.text(max_size=200))
def test_tokens_grow_with_the_text(one: str, other: str) -> None:
    assert text_tokens(one + other) >= text_tokens(one)
    assert text_tokens(one + other) <= text_tokens(one) + text_tokens(other)


def test_the_end_of_openais_fine_tuning_is_reported() -> None:
    before, after = date(2026, 11, 24), date(2027, 1, 7)
    [advice] = closing.of_openai(before)
    assert advice.level is Level.ADVISE
    assert "2027-01-06" in advice.message
    assert "train local" in advice.message
    assert "60 days" in advice.message
    assert "2026-07-02" in closing.CLOSED
    [refusal] = closing.of_openai(after)
    assert refusal.level is Level.REFUSE


@pytest.mark.parametrize(
    ("model", "announced", "day"),
    [
        ("gpt-4.1-mini-2025-04-14", None, date(2027, 1, 14)),
        ("gpt-4.1-mini-2025-04-14", "2026-12-01", date(2026, 12, 1)),
        ("gpt-4.1-mini-2025-04-14", "soon", None),
        ("gpt-4.10", None, None),
        ("gpt-4.1-nano-2025-04-14", None, date(2026, 10, 23)),
        ("gpt-4o-2024-05-13", None, date(2026, 10, 23)),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", None, None),
    ],
)
def test_the_last_day_of_a_model_is_known(
    model: str, announced: str | None, day: date | None
) -> None:
    stop = closing.known_stop(model, announced)
    assert (None if stop is None else stop.day) == day


@pytest.mark.parametrize(
    ("model", "today", "said"),
    [
        ("gpt-4.1-mini-2025-04-14", date(2026, 11, 24), "until at least 2027-04-14"),
        ("gpt-4.1-mini-2025-04-14", date(2027, 4, 15), "may have stopped"),
        ("another", date(2027, 4, 15), ""),
    ],
)
def test_the_retirement_of_azures_default_model_is_reported(
    model: str, today: date, said: str
) -> None:
    findings = closing.of_azure(model, today)
    assert [one.level for one in findings] == [Level.ADVISE] * bool(said)
    assert said in " ".join(one.message for one in findings)


def test_a_model_that_stopped_is_refused() -> None:
    stop = closing.Stop("m", date(2026, 11, 23))
    [finding] = closing.of_model(stop, date(2026, 11, 24))
    assert (finding.level, "Choose another" in finding.message) == (Level.REFUSE, True)
    assert "in 1 day." in closing.of_model(stop, date(2026, 11, 22))[0].message


async def test_a_closed_organisation_is_refused_with_alternatives(redis: Client) -> None:
    async with finetuning_server() as server:
        server.closed = True
        backend = backend_of(server)
        trainer = trainer_of(redis, backend)
        what = await plan(trainer, TEAM, backend, snapshot(), 3)
        [refusal] = [one for one in what.findings if one.level is Level.REFUSE]
        for words in ("2026-05-07", "2027-01-06", "2027-01-14", "train local", "train nebius"):
            assert words in refusal.message
        with pytest.raises(RefusedError, match="does not let this organisation"):
            await begin(trainer, TEAM, what, "U1")
        assert (server.files, server.jobs) == ([], [])


@pytest.mark.parametrize(
    ("route", "answer", "words"),
    [
        ("GET files", failed(403, "Missing scopes: api.files.read"), "lacks a permission"),
        ("GET jobs", failed(401, "Incorrect API key provided: sk-a"), "Set a valid OPENAI_API"),
        ("GET jobs", failed(503), "answered 503"),
    ],
)
async def test_an_error_of_the_provider_refuses_the_plan(
    redis: Client, route: str, answer: Any, words: str
) -> None:
    async with finetuning_server() as server:
        server.fail(route, Fault(answer))
        backend = backend_of(server)
        what = await plan(trainer_of(redis, backend), TEAM, backend, snapshot(), 3)
        assert what.refused
        assert any(words in one.message for one in what.findings)


async def test_a_missing_or_ending_base_model_is_reported(redis: Client) -> None:
    async with finetuning_server() as server:
        backend = backend_of(server)
        trainer = trainer_of(redis, backend)
        server.shutdown_date = "2099-01-01"
        what = await plan(trainer, TEAM, backend, snapshot(), 3)
        assert any("stop answering on 2099-01-01" in one.message for one in what.findings)
        assert missing_confirmations(what, ()) == (Confirmation.ANYWAY, Confirmation.CONFIRM)
        assert missing_confirmations(what, (Confirmation.ANYWAY, Confirmation.CONFIRM)) == ()
        server.models = {"gpt-other"}
        what = await plan(trainer, TEAM, backend, snapshot(), 3)
        assert any("no access to model gpt-4.1-mini" in one.message for one in what.findings)


async def test_without_a_key_no_request_is_sent(redis: Client) -> None:
    async with finetuning_server() as server:
        backend = backend_of(server, key="")
        what = await plan(trainer_of(redis, backend), TEAM, backend, snapshot(), 3)
        assert "OPENAI_API_KEY is not set" in str(what.findings)
        assert server.requests == []


def test_the_provider_accepts_the_training_file() -> None:
    what = snapshot()
    assert refusals(what) == []
    plain, marked = training_file(what, "utf-8"), training_file(what, "utf-8-sig")
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert plain.name != marked.name
    assert training_file(what, "utf-8") == plain
    rows = [json.loads(line) for line in plain.content.splitlines()]
    assert len(rows) == len(what.train)
