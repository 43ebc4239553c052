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
    """Answers by text; what it has no answer for is unsure."""

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


async def test_the_llm_gets_what_local_is_unsure_of_and_nothing_empty(
    local: Fake, llm: Fake
) -> None:
    cascade = CascadeClassifier(local, llm)
    predictions = await cascade.classify(["sure", "hard", "", "sure"])
    assert llm.asked == [["hard"]]
    assert [prediction.label for prediction in predictions] == ["A", "B", None, "A"]
    assert predictions[1].classifier == "llm:1"
    assert predictions[1].local == GUESS  # whoever answered, and however sure both together are
    assert predictions[1].latency_ms == 305
    assert predictions[1].usage == PAID.usage
    assert cascade.degraded is None


async def test_the_llm_is_not_asked_when_local_is_sure_of_all(local: Fake, llm: Fake) -> None:
    await CascadeClassifier(local, llm).classify(["sure"])
    assert llm.asked == []


async def test_where_both_abstain_locals_scores_stand_and_the_cost_is_kept(
    local: Fake, llm: Fake
) -> None:
    (prediction,) = await CascadeClassifier(local, llm).classify(["rude"])
    assert (prediction.reason, prediction.confidence) == (Abstention.UNSURE, 0.4)
    assert prediction.usage.cost_usd == 0.1


@pytest.mark.parametrize(
    "error", [ClassifierUnavailableError("slow"), ClassifierSetupError("OPENAI_API_KEY is wrong")]
)
async def test_without_the_llm_local_stands_and_the_reason_is_said(
    local: Fake, llm: Fake, clock: Clock, error: ClassifierError
) -> None:
    llm.fails = error
    cascade = CascadeClassifier(local, llm, now=clock)
    assert await cascade.classify(["hard"]) == [UNSURE]
    assert cascade.degraded is not None
    assert str(error) in cascade.degraded
    assert "since 2026-11-24 12:00:00 UTC" in cascade.degraded


async def test_a_failing_llm_is_left_alone_longer_and_longer_up_to_a_minute(
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


async def test_after_a_pause_one_message_tries_and_the_others_do_not_wait_for_it(
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


async def test_a_success_ends_the_degradation_and_the_pauses_start_anew(
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


async def test_where_nothing_was_asked_local_stands_and_the_llm_is_not_left_alone(
    local: Fake, llm: Fake
) -> None:
    cascade = CascadeClassifier(local, llm)
    llm.fails = NotAskedError("today's budget is spent")
    assert await cascade.classify(["hard"]) == [UNSURE]
    assert cascade.degraded is None
    llm.fails = None
    assert (await cascade.classify(["hard"]))[0].label == "B"


@pytest.mark.parametrize("fault", [RecursionError(), OverflowError("x"), KeyError("my secret")])
async def test_whatever_the_llm_raises_is_its_failure_and_logged_without_the_text(
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


async def test_examples_go_to_local_alone_unless_told_otherwise(local: Fake, llm: Fake) -> None:
    example = Example("1", "text", "A")
    await CascadeClassifier(local, llm).learn([example], ["2"])
    assert (local.learnt, llm.learnt) == (["1", "2"], [])
    await CascadeClassifier(local, llm, learners=(local, llm)).learn([example])
    assert (local.learnt, llm.learnt) == (["1", "2", "1"], ["1"])


def test_a_ledger_of_one_process_is_a_ledger() -> None:
    ledger: Ledger = UnsharedLedger()
    assert ledger


class Told(UnsharedLedger):
    """Remembers what was said of outages."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str | None] = []

    async def outage(self, said: str | None) -> None:
        self.said.append(said)


async def test_an_outage_and_its_end_are_told_to_the_ledger(
    local: Fake, llm: Fake, clock: Clock
) -> None:
    ledger = Told()
    cascade = CascadeClassifier(local, llm, ledger=ledger, now=clock)
    await cascade.classify(["hard"])
    llm.fails = ClassifierUnavailableError("over quota")
    await cascade.classify(["hard"])
    llm.fails = None
    await cascade.classify(["hard"])  # in the pause
    clock.advance(6)
    await cascade.classify(["hard"])
    first, second = ledger.said
    assert first is not None
    assert "over quota" in first
    assert second is None


async def test_what_local_is_fairly_sure_of_is_asked_where_the_llm_is_better(
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


async def test_where_errors_cost_nothing_the_llm_is_never_asked(local: Fake, llm: Fake) -> None:
    cascade = CascadeClassifier(local, llm, CascadeSettings(Terms(error_price_usd=0.0)))
    await cascade.classify(["hard"])
    assert llm.asked == []
