"""Processes share the rate limits, and a wait that Slack asks for applies to all of them."""

from storage.server.limiter import Limiter, Rate
from storage.server.protocol import Client

PACE = Rate(interval_s=10.0, burst=3)


async def test_a_burst_then_an_even_pace_for_all_processes(redis: Client) -> None:
    one, other = Limiter(redis, "T1"), Limiter(redis, "T1")
    taken = [await limiter.take("m", PACE, patience_s=1) for limiter in (one, other, one, other)]
    assert [ok for ok, _ in taken] == [True, True, True, False]
    assert 9 < taken[-1][1] <= 10
    assert await one.take("other", PACE, patience_s=1) == (True, 0.0)
    assert await Limiter(redis, "T2").take("m", PACE, patience_s=1) == (True, 0.0)


async def test_a_patient_caller_gets_the_next_turn_and_the_one_after_it_waits_longer(
    redis: Client,
) -> None:
    limiter = Limiter(redis, "T1")
    for _ in range(3):
        await limiter.take("m", PACE, patience_s=0)
    ok, wait = await limiter.take("m", PACE, patience_s=15)
    assert ok
    assert 9 < wait <= 10
    assert not (await limiter.take("m", PACE, patience_s=15))[0]


async def test_what_is_not_urgent_leaves_turns_to_what_is(redis: Client) -> None:
    limiter = Limiter(redis, "T1")
    reports = [await limiter.take("m", PACE, patience_s=0, reserve=1) for _ in range(3)]
    assert [ok for ok, _ in reports] == [True, True, False]
    assert (await limiter.take("m", PACE, patience_s=0))[0]


async def test_nobody_calls_before_the_time_that_was_asked_for(redis: Client) -> None:
    one, other = Limiter(redis, "T1"), Limiter(redis, "T1")
    await one.hold_off("m", PACE, 30)
    ok, wait = await other.take("m", PACE, patience_s=1)
    assert not ok
    assert 29 < wait <= 30
