import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classifiers.base import NotAskedError, Prediction, Usage
from classifiers.ledger import Ledger, Reservation
from storage import keys
from storage import spending as module
from storage.messages import Message, MessageId
from storage.records import Record, Records
from storage.server.connection import connect
from storage.spending import Spending, Spent
from tests.valkeys import Valkey

TEAM = "T1"
USAGE = Usage(1500, 1024, 10, 0.00015)


async def spend(spending: Spending, usage: Usage = USAGE) -> None:
    reservation = await spending.reserve(0.001, None)
    assert reservation is not None
    await spending.settle(reservation, usage)


async def test_it_is_a_ledger(redis: Valkey) -> None:
    ledger: Ledger = Spending(redis, TEAM)
    assert ledger


async def test_what_processes_spend_adds_up_and_lives_on(redis: Valkey) -> None:
    one, other = Spending(redis, TEAM), Spending(redis, TEAM)
    await asyncio.gather(*(spend(each) for each in (one, other) for _ in range(20)))
    spent = await Spending(redis, TEAM).today()
    assert (spent.requests, spent.prompt_tokens, spent.cached_tokens) == (40, 60_000, 40_960)
    assert round(spent.cost_usd, 9) == 0.006
    assert round(spent.cached_share, 2) == 0.68


async def test_days_and_workspaces_are_counted_apart_and_days_end(redis: Valkey) -> None:
    now = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
    spending = Spending(redis, TEAM, lambda: now)
    reservation = await spending.reserve(0.001, None)
    assert await Spending(redis, "T2", lambda: now).today() == Spent()
    now += timedelta(minutes=2)
    assert reservation is not None
    await spending.settle(reservation, USAGE)  # counts on the day of the reservation
    assert await spending.today() == Spent()
    key = keys.llm_usage(TEAM, "2026-11-24")
    assert float(await redis.hget(key, "cost_usd")) == pytest.approx(0.00015)
    assert 0 < await redis.ttl(key) <= keys.RETENTION_S


async def test_what_comparisons_and_shadows_spend_counts_in_the_day_and_is_told_apart(
    redis: Valkey,
) -> None:
    spending = Spending(redis, TEAM)
    await spend(spending)
    await spend(spending.of_trials())
    await spend(spending.of_trials())
    await spend(spending.of_shadows(1.0))
    spent = await spending.today()
    assert (spent.requests, round(spent.cost_usd, 9)) == (4, 0.0006)
    assert (round(spent.trial_usd, 9), round(spent.shadow_usd, 9)) == (0.0003, 0.00015)


async def test_at_once_no_more_is_reserved_than_the_budget_and_one_request(
    redis: Valkey,
) -> None:
    ledgers = [Spending(redis, TEAM) for _ in range(4)]
    asked = [ledger.reserve(0.1, 1.25) for ledger in ledgers for _ in range(32)]
    found = [one for one in await asyncio.gather(*asked) if one is not None]
    assert len(found) == 13
    for one in found[:5]:
        await ledgers[0].settle(one, Usage())  # refused by the LLM: no cost
    assert (await ledgers[0].today()).requests == 8
    again = await asyncio.gather(*(ledgers[1].reserve(0.1, 1.25) for _ in range(32)))
    assert sum(one is not None for one in again) == 5


async def test_shadows_have_a_limit_of_their_own_beside_the_budget(redis: Valkey) -> None:
    spending = Spending(redis, TEAM)
    shadows = spending.of_shadows(0.25)
    found = await asyncio.gather(*(shadows.reserve(0.1, 10.0) for _ in range(16)))
    assert sum(one is not None for one in found) == 3
    assert await spending.reserve(0.1, 10.0) is not None
    assert await spending.of_shadows(9.0).reserve(0.1, 0.3) is None


async def test_a_reservation_is_settled_once(redis: Valkey) -> None:
    spending = Spending(redis, TEAM)
    reservation = await spending.reserve(0.5, None)
    assert reservation is not None
    assert (await spending.today()).cost_usd == 0.5  # the maximum cost, until it is settled
    for _ in range(2):
        await spending.settle(reservation, USAGE)
    await spending.settle(Reservation("held:never", reservation.day, 9.0), USAGE)
    spent = await spending.today()
    assert (spent.requests, round(spent.cost_usd, 9)) == (1, 0.00015)


async def test_what_an_earlier_version_has_counted_is_gone_on_with(redis: Valkey) -> None:
    spending = Spending(redis, TEAM)
    key = keys.llm_usage(TEAM, f"{datetime.now(UTC):%Y-%m-%d}")
    old = {"requests": 7, "prompt_tokens": 100, "cost_usd": "0.29999999999999999"}
    await redis.hset(key, mapping=old)
    assert await spending.reserve(0.1, 0.29) is None
    await spend(spending)
    assert (await spending.today()).requests == 8


async def test_where_it_cannot_be_written_nothing_is_asked(redis: Valkey) -> None:
    spending = Spending(redis, TEAM)
    open_ = await spending.reserve(0.5, None)
    assert open_ is not None
    await redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(NotAskedError, match="cannot be counted"):
            await spending.reserve(0.1, None)
        await spending.settle(open_, USAGE)
        assert round((await spending.today()).cost_usd, 9) == 0.00015
    finally:
        await redis.config_set("maxmemory", 0)


async def test_a_server_that_is_away_stops_asking_and_raises_nothing_else() -> None:
    async with connect("redis://127.0.0.1:1", Path("/nonexistent")) as away:
        spending = Spending(away, TEAM)
        with pytest.raises(NotAskedError, match="cannot be counted"):
            await spending.reserve(0.1, None)
        await spending.settle(Reservation("held:1", "2026-11-24", 0.1), USAGE)
        await spending.outage("down")


async def test_an_outage_is_known_to_all_until_it_ends_or_is_forgotten(redis: Valkey) -> None:
    spending = Spending(redis, TEAM)
    await spending.outage("local model only since noon")
    assert await Spending(redis, TEAM).why_out() == "local model only since noon"
    assert 0 < await redis.ttl(keys.llm_outage(TEAM)) <= 120
    await spending.of_shadows(1.0).outage(None)
    assert await spending.why_out() is not None
    await spending.outage(None)
    assert await spending.why_out() is None


async def test_usage_is_stored_with_the_record(redis: Valkey) -> None:
    message = Message(id=MessageId(team=TEAM, channel="C1", ts="1.0"), user="U1", text="hi")
    prediction = Prediction("A", 0.9, classifier="llm:m:1", usage=USAGE)
    async with Records(redis).held(message.id) as hold:
        await hold.put(Record(message=message, prediction=prediction))
    record = await Records(redis).get(message.id)
    assert record is not None
    assert record.prediction is not None
    assert record.prediction.usage == USAGE


async def test_what_a_dead_process_reserved_comes_back_in_a_bounded_time(
    redis: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    spending = Spending(redis, TEAM)
    trials = spending.of_trials()
    dead = [await one.reserve(0.5, None, 0.02) for one in (spending, trials)]
    assert await spending.reserve(0.5, 1.0) is None
    monkeypatch.setattr(module, "_LAPSE_S", 0)
    await asyncio.sleep(0.01)
    again = await spending.reserve(0.25, 1.0, 0.01)
    assert again is not None
    spent = await spending.today()
    assert (spent.cost_usd, spent.trial_usd) == pytest.approx((0.29, 0.02))
    await asyncio.sleep(0.01)
    for reservation, ledger in zip([*dead, again], (spending, trials, spending), strict=True):
        assert reservation is not None
        await ledger.settle(reservation, USAGE)  # its process is alive: the actual cost counts
        await ledger.settle(reservation, USAGE)
    spent = await spending.today()
    assert (spent.cost_usd, spent.trial_usd) == pytest.approx((0.00045, 0.00015))


async def test_a_reservation_of_version_0_1_is_settled(redis: Valkey) -> None:
    spending = Spending(redis, TEAM)
    reservation = await spending.reserve(0.5, None)
    assert reservation is not None
    await redis.hset(keys.llm_usage(TEAM, reservation.day), reservation.id, "0.5")
    assert await spending.reserve(0.1, 0.4) is None
    await spending.settle(reservation, USAGE)
    assert (await spending.today()).cost_usd == pytest.approx(0.00015)
