"""An LLM that hangs, refuses, breaks off or answers nonsense, with the bot as shipped."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from storage.messages import MessageId
from storage.records import Records
from storage.server.connection import connect
from tests.classifiers.openai_server import (
    Body,
    Drop,
    Hang,
    OpenAiServer,
    Slow,
    failed,
    message,
    openai_server,
    said,
    undelimited,
)
from tests.faults.money import Money
from tests.faults.rig import ALL_EMOJI, LABELS, SHIPPED_MORE_MB, TRIAGE, Fault, Rig, open_rig
from tests.faults.scenario import Scenario
from tests.faults.use import REST
from tests.sandbox.running import eventually
from tests.stories.conftest import SUPPORT, TEAM

_ADMIN = "U0ADA"
_AT_ONCE_S = 10.0  # below the deadline of a request to the LLM
_SLOW_S = 40.0
_BACK_S = 60.0  # the third pause of the breaker is 20 s
_FEW = 10
_COST = 0.155  # US dollars of a request, by the count of the server and the prices below
_BUDGET = 40 * _COST  # fewer than the faults have asked: between 58 and 88 were without it
_SOCKETS = REST + 8  # one per concurrent request; httpx closes them at the next request
_WORDS = ("wonder", "river", "lantern", "seldom", "umbrella", "violet", "harbour", "pepper")


def first_word(body: Body) -> str:
    return undelimited(body["messages"][-1]["content"]).split()[0]


@dataclass
class LlmRig(Rig):
    """A rig with an LLM, which is asked about messages that local is unsure of."""

    llm: OpenAiServer = field(kw_only=True)
    budget: float | None = None

    async def warm(self) -> None:
        """Warm up; with a budget, leave most of it for the fault."""
        if self.budget is None:
            await super().warm()
        else:
            for _ in range(64):  # local knows them all: the first embeddings, and no request
                await self.write("BILLING")
            await eventually(lambda: not self.unanswered(), 60)

    async def write_new(self, count: int) -> None:
        """Write messages that local cannot know."""
        for _ in range(count):
            words = random.sample(_WORDS, 5)
            await self.write(random.choice(sorted(LABELS)), " ".join(words))  # noqa: S311

    def money(self) -> Money:
        """Return the cost of the requests to the server, by its own count of tokens."""
        return Money(_COST * len(self.llm.requests), self.budget, _COST * len(self.processes))

    async def answerer(self, seconds: float) -> str:
        """Write a message that is new to local; return the kind of classifier that answers it."""
        words = random.sample(_WORDS, 5)
        ts = await self.write(random.choice(sorted(LABELS)), " ".join(words))  # noqa: S311
        at = MessageId(team=TEAM, channel=SUPPORT, ts=ts)
        async with connect(self.redis_url, self.folder) as redis:

            async def answered() -> str:
                record = await Records(redis).get(at)
                found = None if record is None else record.prediction
                return "" if found is None else found.classifier.partition(":")[0]

            return str(await eventually(answered, seconds))

    async def is_asked(self) -> bool:
        """Return True if the LLM answers a new message."""
        return await self.answerer(_SLOW_S) == "llm"

    async def status(self) -> str:
        """Return the answer to `/triage status`."""
        people = self.sandbox.control
        before = len(await people.ephemerals(_ADMIN))
        await people.slash(_ADMIN, SUPPORT, "/triage", "status")

        async def answers() -> list[dict[str, Any]]:
            return (await people.ephemerals(_ADMIN))[before:]

        return str((await eventually(answers, 30))[0]["text"])


@asynccontextmanager
async def _llm_rig(
    folder: Path,
    names: Sequence[str] = ("intake", "worker0"),
    settings: str = "",
    budget: float | None = None,
) -> AsyncIterator[Rig]:
    async with openai_server(first_word) as llm:
        environment = {
            "OPENAI_BASE_URL": llm.url,
            "OPENAI_API_KEY": "sk-x",
            "OPENAI_MODEL": "small",
        }
        async with open_rig(
            folder,
            names,
            kind=LlmRig,
            command=TRIAGE,
            environment=environment,
            emoji_shown=ALL_EMOJI,
            more_mb=SHIPPED_MORE_MB,
            sockets=_SOCKETS,
            llm_settings=settings,
            llm=llm,
            budget=budget,
        ) as rig:
            yield rig


def _budget_rig(folder: Path) -> AbstractAsyncContextManager[Rig]:
    """Open a rig with two workers that share a budget."""
    budget = f"daily_budget_usd = {_BUDGET}\n"
    return _llm_rig(folder, ("intake", "worker0", "worker1"), budget, _BUDGET)


def _out(answer: Callable[[Body], Response], reason: str) -> Fault:
    """Return a fault of the LLM: local answers alone, `status` says why, and the LLM returns."""

    async def fails(rig: Rig) -> None:
        assert isinstance(rig, LlmRig)
        await eventually(rig.is_asked, _BACK_S)
        rig.llm.answer = answer

        async def left_alone() -> bool:
            await rig.answerer(_SLOW_S)
            text = await rig.status()
            return "LLM: local model only since" in text and reason in text

        await eventually(left_alone, 60)
        # Messages that waited for the first deadline are answered first.
        await eventually(lambda: len(rig.unanswered()) < _FEW, _BACK_S)
        assert await rig.answerer(_AT_ONCE_S) == "local"
        rig.llm.answer = first_word

        await eventually(rig.is_asked, _BACK_S)
        assert "LLM: local model only since" not in await rig.status()

    return fails


def _for_an_hour(_: Body) -> Response:
    error = {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}
    return JSONResponse({"error": error}, 429, {"retry-after": "3600"})


def _nonsense() -> Callable[[Body], Response]:
    answers = itertools.cycle(
        [
            said("I think that this is about BILLING or TECHNICAL, or ACCOUNT."),
            said('{"label": "REFUNDS"}'),
            said("[" * 100_000),
            said("Category:" + " " * 50_000),
            said("\x00\ufffd" * 20_000),
            message({"content": ["no", 5, {"type": "text", "text": None}]}),
            message({"content": {"label": "BILLING"}}),
            failed(400, "invalid_prompt"),
        ]
    )
    return lambda _: next(answers)


async def _garbage(rig: Rig) -> None:
    """Answer nonsense: local's answer is used, and the LLM is asked about the next message."""
    assert isinstance(rig, LlmRig)
    await eventually(rig.is_asked, _BACK_S)
    rig.llm.answer = _nonsense()
    asked = len(rig.llm.requests)
    await eventually(lambda: len(rig.llm.requests) > asked + 16, 30)
    assert await rig.answerer(_AT_ONCE_S) == "local"
    rig.llm.answer = first_word
    await eventually(rig.is_asked, _BACK_S)


async def _over_budget(rig: Rig) -> None:
    """Ask for more than the budget allows at once; before that, make counting impossible."""
    assert isinstance(rig, LlmRig)
    assert rig.valkey is not None
    rig.llm.answer = lambda _: Slow("BILLING", 0.2)
    rig.valkey.client.config_set("maxmemory", 1)
    await asyncio.sleep(1)  # requests that were counted before finish
    asked = len(rig.llm.requests)
    await rig.write_new(20)
    await asyncio.sleep(2)
    assert len(rig.llm.requests) == asked, (
        "the LLM was asked although the cost could not be counted"
    )
    rig.valkey.client.config_set("maxmemory", 0)
    await rig.write_new(200)


SCENARIOS = {
    "LLM asked for more than its budget, by two": Scenario(_over_budget, _budget_rig),
    "LLM hanging": Scenario(_out(lambda _: Hang(), "took more than 15 s"), _llm_rig),
    "LLM answers 429 for an hour": Scenario(_out(_for_an_hour, "status 429"), _llm_rig),
    "LLM answers 500": Scenario(_out(lambda _: failed(500), "status 500"), _llm_rig),
    "LLM cut in the middle of its answer": Scenario(
        _out(lambda _: Drop(), "(no answer)"), _llm_rig
    ),
    "LLM rejects the key": Scenario(
        _out(lambda _: failed(401), "OPENAI_API_KEY was rejected"), _llm_rig
    ),
    "LLM answers garbage": Scenario(_garbage, _llm_rig),
    "LLM behind a login page": Scenario(
        _out(lambda _: HTMLResponse("<html>Sign in</html>"), "a web page"), _llm_rig
    ),
    "LLM answers 200 with an error": Scenario(
        _out(lambda _: JSONResponse({"error": {"code": 502}}), "status 502"), _llm_rig
    ),
}
