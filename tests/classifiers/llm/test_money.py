"""The cost of a request is reserved before it is sent, and settled whatever its outcome."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from classifiers.base import ClassifierError, NotAskedError
from classifiers.cascade.cascade import CascadeClassifier
from classifiers.config import Price
from classifiers.ledger import Ledger, UnsharedLedger
from storage.spending import Spending
from tests.classifiers import openai_server as wire
from tests.classifiers.cascade.test_cascade import Fake
from tests.classifiers.llm.test_llm import asked
from tests.sandbox.running import eventually
from tests.valkeys import Valkey

PRICE = Price(prompt=100, cached=10, completion=500)
COST = 0.155  # of a request, by the server's count
TEAM = "T1"


def budget(usd: float | None) -> dict[str, Any]:
    return {"prices": {"gpt-6-luna": PRICE}, "daily_budget_usd": usd, "timeout_s": 20}


async def test_128_concurrent_messages_exceed_the_budget_by_at_most_one_request(
    redis: Valkey,
) -> None:
    ledger = Spending(redis, TEAM)
    async with asked(ledger=ledger, max_concurrency=64, **budget(13 * COST)) as (llm, server):
        server.answer = lambda _: wire.Slow("BILLING", 0.05)
        cascade = CascadeClassifier(Fake("local:1"), llm, ledger=ledger)
        found = await asyncio.gather(*(cascade.classify([f"invoice {n}"]) for n in range(128)))
        assert 12 <= len(server.requests) <= 14
        assert sum(one[0].label == "BILLING" for one in found) == len(server.requests)
        assert cascade.degraded is None
        with pytest.raises(NotAskedError, match=r"daily_budget_usd = 2\.015\) is spent"):
            await llm.classify(["invoice"])
    spent = await ledger.today()
    assert spent.requests == len(server.requests)
    assert spent.cost_usd == pytest.approx(COST * len(server.requests))


async def test_two_processes_share_a_budget(redis: Valkey) -> None:
    one, other = Spending(redis, TEAM), Spending(redis, TEAM)
    async with (
        asked(ledger=one, max_concurrency=64, **budget(5 * COST)) as (first, server),
        asked(ledger=other, max_concurrency=64, **budget(5 * COST)) as (second, another),
    ):
        asks = [llm.classify([f"invoice {n}"]) for llm in (first, second) for n in range(40)]
        await asyncio.gather(*asks, return_exceptions=True)
        assert len(server.requests) + len(another.requests) <= 7


async def test_no_request_is_sent_if_the_ledger_is_full(redis: Valkey) -> None:
    async with asked(ledger=Spending(redis, TEAM), **budget(None)) as (llm, server):
        cascade = CascadeClassifier(Fake("local:1"), llm)
        await redis.config_set("maxmemory", 1)
        try:
            for number in range(5):
                assert (await cascade.classify([f"invoice {number}"]))[0].abstained
        finally:
            await redis.config_set("maxmemory", 0)
        assert server.requests == []
        assert cascade.degraded is None
        assert (await cascade.classify(["invoice"]))[0].label == "BILLING"


async def cost_of(reply: wire.Reply, texts: int = 1, **settings: Any) -> tuple[float, int]:
    """Return the cost of messages by the ledger, and the number of requests."""
    ledger: Ledger = UnsharedLedger()
    async with asked(ledger=ledger, **budget(100.0) | settings) as (llm, server):
        server.answer = lambda _: reply
        for number in range(texts):
            with suppress(ClassifierError):
                await llm.classify([f"invoice {number}"])
    assert isinstance(ledger, UnsharedLedger)
    return ledger.usd, len(server.requests)


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"prompt_tokens": -7}, {"prompt_tokens": 10**12, "completion_tokens": 10**12}],
)
async def test_an_answer_without_a_credible_count_costs_the_estimate(usage: Any) -> None:
    content = {"content": '{"label": "BILLING"}'}
    usd, _ = await cost_of(wire.message(content, usage=usage))
    assert 0.2 * COST < usd < 2 * COST


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_a_rejected_request_costs_nothing(status: int) -> None:
    usd, requests = await cost_of(wire.failed(status))
    assert usd == pytest.approx(0)
    assert requests >= 1


@pytest.mark.parametrize("reply", [wire.Hang(), wire.Slow("BILLING", 0.6)])
async def test_a_late_answer_counts(reply: wire.Reply) -> None:
    usd, _ = await cost_of(reply, timeout_s=0.3)
    assert 0.2 * COST < usd < 2 * COST


async def test_every_interrupted_try_counts() -> None:
    usd, requests = await cost_of(wire.Drop(b""))
    assert requests == 3
    assert 3 * 0.2 * COST < usd < 3 * 2 * COST


async def test_a_cancelled_request_counts() -> None:
    ledger = UnsharedLedger()
    async with asked(ledger=ledger, **budget(100.0)) as (llm, server):
        server.answer = lambda _: wire.Hang()
        asking = asyncio.create_task(llm.classify(["invoice"]))
        await eventually(lambda: server.requests)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert 0.2 * COST < ledger.usd < 2 * COST


async def test_rejected_fields_cost_nothing_but_thinking_does() -> None:
    usd, requests = await cost_of(wire.message({"content": ""}, finish_reason="length"))
    assert requests == 2
    assert usd == pytest.approx(2 * COST)
