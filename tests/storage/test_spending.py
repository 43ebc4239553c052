import asyncio
from datetime import UTC, datetime, timedelta

from support_triage.classifiers.base import Prediction, Usage
from support_triage.storage import keys
from support_triage.storage.connection import Client
from support_triage.storage.records import Message, MessageId, Record, Records
from support_triage.storage.spending import Spending, Spent

TEAM = "T1"
USAGE = Usage(1500, 1024, 10, 0.00015)


async def test_what_processes_spend_adds_up_and_lives_on(redis: Client) -> None:
    one, other = Spending(redis, TEAM), Spending(redis, TEAM)
    await asyncio.gather(*(each.add([USAGE, USAGE]) for each in (one, other) for _ in range(10)))
    spent = await Spending(redis, TEAM).today()
    assert (spent.requests, spent.prompt_tokens, spent.cached_tokens) == (40, 60_000, 40_960)
    assert round(spent.cost_usd, 9) == 0.006
    assert round(await one.spent_usd(), 9) == 0.006
    assert round(spent.cached_share, 2) == 0.68


async def test_days_and_workspaces_are_counted_apart_and_days_end(redis: Client) -> None:
    now = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
    spending = Spending(redis, TEAM, lambda: now)
    await spending.add([USAGE])
    assert await Spending(redis, "T2", lambda: now).today() == Spent()
    now += timedelta(minutes=2)
    assert await spending.spent_usd() == 0.0
    key = keys.llm_usage(TEAM, "2026-11-24")
    assert 0 < await redis.ttl(key) <= keys.RETENTION_S


async def test_what_a_comparison_spends_counts_in_the_day_and_is_told_apart(redis: Client) -> None:
    spending = Spending(redis, TEAM)
    await spending.add([USAGE])
    await spending.add_trial([USAGE, USAGE])
    spent = await spending.today()
    assert (spent.requests, round(spent.cost_usd, 9)) == (3, 0.00045)
    assert round(spent.trial_usd, 9) == 0.0003


async def test_nothing_spent_makes_no_key(redis: Client) -> None:
    await Spending(redis, TEAM).add([])
    await Spending(redis, TEAM).add_trial([])
    assert await redis.keys("*") == []


async def test_an_outage_is_known_to_all_until_it_ends_or_is_forgotten(redis: Client) -> None:
    spending = Spending(redis, TEAM)
    await spending.outage("local alone since noon")
    assert await Spending(redis, TEAM).why_out() == "local alone since noon"
    assert 0 < await redis.ttl(keys.llm_outage(TEAM)) <= 120
    await spending.outage(None)
    assert await spending.why_out() is None


async def test_usage_is_stored_with_the_record(redis: Client) -> None:
    message = Message(id=MessageId(team=TEAM, channel="C1", ts="1.0"), user="U1", text="hi")
    prediction = Prediction("A", 0.9, classifier="llm:m:1", usage=USAGE)
    async with Records(redis).held(message.id) as hold:
        await hold.put(Record(message=message, prediction=prediction))
    record = await Records(redis).get(message.id)
    assert record is not None
    assert record.prediction is not None
    assert record.prediction.usage == USAGE
