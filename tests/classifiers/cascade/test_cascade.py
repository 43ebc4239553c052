import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from classifiers.base import (
    Abstention,
    Classifier,
    ClassifierError,
    ClassifierSetupError,
    ClassifierUnavailableError,
    Example,
    NotAskedError,
    Prediction,
    Score,
    Usage,
)
from classifiers.cascade.cascade import CascadeClassifier, CascadeSettings
from classifiers.cascade.worth import Judged, Terms
from classifiers.ledger import Ledger, UnsharedLedger
from tests.sandbox.running import eventually


@dataclass
class Fake:
    """Answers known texts, and is unsure about others."""

    version: str
    answers: dict[str, Prediction] = field(default_factory=dict)
    fails: Exception | None = None
    answers_when: asyncio.Event | None = None
    asked: list[list[str]] = field(default_factory=list)
    learnt: list[str] = field(default_factory=list)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        self.asked.append(list(texts))
        if self.answers_when is not None:
            await self.answers_when.wait()
        if self.fails:
            raise self.fails
        return [self.answers.get(text, UNSURE) for text in texts]

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        self.learnt += [*(example.id for example in put), *remove]


GUESS = Score("B", 0.4)
UNSURE = Prediction(None, 0.4, (GUESS,), Abstention.UNSURE, latency_ms=5, local=GUESS)
EMPTY = Prediction(None, 0, reason=Abstention.EMPTY)
SURE = Prediction("A", 0.95, (Score("A", 0.95),), classifier="local:1", latency_ms=5)
PAID = Prediction("B", 0.8, classifier="llm:1", latency_ms=300, usage=Usage(100, 50, 5, 0.4))
DECLINED = Prediction(
    None, 0.1, reason=Abstention.REFUSED, latency_ms=90, usage=Usage(9, 0, 1, 0.1)
)


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def local() -> Fake:
    return Fake("local:1", {"sure": SURE, "": EMPTY})


@pytest.fixture
def llm() -> Fake:
    return Fake("llm:1", {"hard": PAID, "rude": DECLINED})


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_is_a_classifier(local: Fake, llm: Fake) -> None:
    cascade: Classifier = CascadeClassifier(local, llm)
    assert cascade.version == "cascade:local:1+llm:1"


async def test_the_llm_gets_texts_that_local_abstains_on_but_no_empty_ones(
    local: Fake, llm: Fake
) -> None:
    cascade = CascadeClassifier(local, llm)
    predictions = await cascade.classify(["sure", "hard", "", "sure"])
    assert llm.asked == [["hard"]]
    assert [prediction.label for prediction in predictions] == ["A", "B", None, "A"]
    assert predictions[1].classifier == "llm:1"
    assert (
        predictions[1].local == GUESS
    )  # local's best label and its confidence, although the LLM answered
    assert predictions[1].latency_ms == 305
    assert predictions[1].usage == PAID.usage
    assert cascade.degraded is None


async def test_the_llm_is_not_called_if_local_is_sure(local: Fake, llm: Fake) -> None:
    await CascadeClassifier(local, llm).classify(["sure"])
    assert llm.asked == []


async def test_if_both_abstain_locals_scores_count_and_the_cost_is_kept(
    local: Fake, llm: Fake
) -> None:
    (prediction,) = await CascadeClassifier(local, llm).classify(["rude"])
    assert (prediction.reason, prediction.confidence) == (Abstention.UNSURE, 0.4)
    assert prediction.usage.cost_usd == 0.1


@pytest.mark.parametrize(
    "error", [ClassifierUnavailableError("slow"), ClassifierSetupError("OPENAI_API_KEY is wrong")]
)
async def test_if_the_llm_fails_local_answers_and_the_reason_is_reported(
    local: Fake, llm: Fake, clock: Clock, error: ClassifierError
) -> None:
    llm.fails = error
    cascade = CascadeClassifier(local, llm, now=clock)
    assert await cascade.classify(["hard"]) == [UNSURE]
    assert cascade.degraded is not None
    assert str(error) in cascade.degraded
    assert "since 2026-11-24 12:00:00 UTC" in cascade.degraded


async def test_pauses_after_failures_double_up_to_a_minute(
    local: Fake, llm: Fake, clock: Clock
) -> None:
    llm.fails = ClassifierUnavailableError("down")
    cascade = CascadeClassifier(local, llm, now=clock)
    tries: list[int] = []
    for second in range(300):
        await cascade.classify(["hard"])
        if len(llm.asked) > len(tries):
            tries.append(second)
        clock.advance(1)
    assert tries == [0, 5, 15, 35, 75, 135, 195, 255]


async def test_after_a_pause_one_message_tries_and_others_do_not_wait(
    local: Fake, llm: Fake, clock: Clock
) -> None:
    cascade = CascadeClassifier(local, llm, now=clock)
    llm.fails = ClassifierUnavailableError("down")
    await cascade.classify(["hard"])
    clock.advance(6)
    llm.fails, llm.answers_when = None, asyncio.Event()
    trying = asyncio.create_task(cascade.classify(["hard"]))
    await eventually(lambda: len(llm.asked) == 2)
    assert await cascade.classify(["hard"]) == [UNSURE]
    assert cascade.degraded is not None
    llm.answers_when.set()
    assert (await trying)[0].label == "B"
    assert (await cascade.classify(["hard"]))[0].label == "B"


async def test_a_success_ends_the_outage_and_resets_the_pauses(
    local: Fake, llm: Fake, clock: Clock
) -> None:
    cascade = CascadeClassifier(local, llm, now=clock)
    for _ in range(2):
        llm.fails = ClassifierUnavailableError("down")
        await cascade.classify(["hard"])
        clock.advance(5)
        llm.fails = None
        assert (await cascade.classify(["hard"]))[0].label == "B"
        assert cascade.degraded is None


async def test_if_no_request_was_sent_local_answers_without_a_pause(local: Fake, llm: Fake) -> None:
    cascade = CascadeClassifier(local, llm)
    llm.fails = NotAskedError("today's budget is spent")
    assert await cascade.classify(["hard"]) == [UNSURE]
    assert cascade.degraded is None
    llm.fails = None
    assert (await cascade.classify(["hard"]))[0].label == "B"


@pytest.mark.parametrize("fault", [RecursionError(), OverflowError("x"), KeyError("my secret")])
async def test_any_exception_of_the_llm_is_an_outage_and_logged_without_text(
    local: Fake, llm: Fake, fault: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.fails = fault
    cascade = CascadeClassifier(local, llm)
    assert await cascade.classify(["hard"]) == [UNSURE]
    assert cascade.degraded is not None
    assert type(fault).__name__ in cascade.degraded
    logged = capsys.readouterr().out
    assert "llm.fault" in logged
    assert "test_cascade.py:" in logged
    assert "secret" not in logged + cascade.degraded


async def test_examples_go_to_the_learners_by_default_local(local: Fake, llm: Fake) -> None:
    example = Example("1", "text", "A")
    await CascadeClassifier(local, llm).learn([example], ["2"])
    assert (local.learnt, llm.learnt) == (["1", "2"], [])
    await CascadeClassifier(local, llm, learners=(local, llm)).learn([example])
    assert (local.learnt, llm.learnt) == (["1", "2", "1"], ["1"])


def test_a_ledger_of_one_process_is_a_ledger() -> None:
    ledger: Ledger = UnsharedLedger()
    assert ledger


class RecordingLedger(UnsharedLedger):
    """Records the outages that are reported to it."""

    def __init__(self) -> None:
        super().__init__()
        self.outages: list[str | None] = []

    async def outage(self, reason: str | None) -> None:
        self.outages.append(reason)


async def test_an_outage_and_its_end_are_reported_to_the_ledger(
    local: Fake, llm: Fake, clock: Clock
) -> None:
    ledger = RecordingLedger()
    cascade = CascadeClassifier(local, llm, ledger=ledger, now=clock)
    await cascade.classify(["hard"])
    llm.fails = ClassifierUnavailableError("over quota")
    await cascade.classify(["hard"])
    llm.fails = None
    await cascade.classify(["hard"])  # during the pause
    clock.advance(6)
    await cascade.classify(["hard"])
    first, second = ledger.outages
    assert first is not None
    assert "over quota" in first
    assert second is None


async def test_the_llm_is_called_if_it_is_better_than_locals_confidence(
    local: Fake, llm: Fake
) -> None:
    local.answers["fair"] = Prediction("A", 0.6, (Score("A", 0.6), Score("B", 0.4)))
    llm.answers["fair"] = PAID
    (overruled,) = await CascadeClassifier(local, llm).classify(["fair"])
    assert (overruled.label, overruled.classifier) == ("B", "llm:1")
    poor = CascadeClassifier(local, llm, judged=lambda: Judged(10, 30))
    assert (await poor.classify(["fair"]))[0].label == "A"
    assert llm.asked == [["fair"]]


async def test_a_contradiction_below_the_target_precision_is_left_to_a_human(
    local: Fake, llm: Fake
) -> None:
    local.answers["fair"] = Prediction("A", 0.8, (Score("A", 0.8), Score("B", 0.2)))
    llm.answers["fair"] = PAID
    cascade = CascadeClassifier(local, llm, judged=lambda: Judged(17, 3))
    (prediction,) = await cascade.classify(["fair"])
    assert (prediction.label, prediction.reason) == (None, Abstention.UNSURE)
    assert prediction.alternatives[0].label == "B"
    assert prediction.usage == PAID.usage


async def test_if_errors_cost_nothing_the_llm_is_never_called(local: Fake, llm: Fake) -> None:
    cascade = CascadeClassifier(local, llm, CascadeSettings(Terms(error_price_usd=0.0)))
    await cascade.classify(["hard"])
    assert llm.asked == []
