"""Calls stay below Slack's limits, and what failed is tried again after a fitting while."""

import time

import pytest

from support_triage.bot.gateway import GatewayError, GatewayUnavailableError
from support_triage.bot.pacing import Pacing, PacingConfig
from support_triage.bot.worker import delay_s
from support_triage.storage.connection import Client
from support_triage.storage.events import Deleted
from support_triage.storage.inbox import Entry
from support_triage.storage.limiter import Limiter
from support_triage.storage.records import MessageId


async def turns(pacing: Pacing, method: str, channel: str, *, urgent: bool = True) -> int:
    """How many calls get a turn at once."""
    count = 0
    while not await pacing.turn(method, channel, 0.0, urgent=urgent):
        count += 1
        assert count < 100
    return count


async def test_bursts_are_a_part_of_the_limit_and_channels_have_their_own(redis: Client) -> None:
    pacing = Pacing(Limiter(redis, "T1"), PacingConfig())
    assert await turns(pacing, "reactions.add", "C1") == 10  # a fifth of 50 a minute
    assert await turns(pacing, "reactions.add", "C2") == 0
    assert await turns(pacing, "chat.postMessage", "C1") == 1
    assert await turns(pacing, "chat.postMessage", "C2") == 1


async def test_reports_leave_half_of_a_burst_to_answers(redis: Client) -> None:
    pacing = Pacing(Limiter(redis, "T1"), PacingConfig())
    assert await turns(pacing, "conversations.history", "", urgent=False) == 5
    assert await turns(pacing, "conversations.history", "") == 5


async def test_what_slack_asked_for_holds_in_every_process(redis: Client) -> None:
    one, other = (Pacing(Limiter(redis, "T1"), PacingConfig()) for _ in range(2))
    await one.hold_off("chat.postMessage", "C1", 20)
    assert 19 < await other.turn("chat.postMessage", "C1", 1.0, urgent=True) <= 20
    assert await other.turn("chat.postMessage", "C2", 1.0, urgent=True) == 0


def entry(age_s: float) -> Entry:
    at = int((time.time() - age_s) * 1e6)
    return Entry(f"{at}:C1", "T1", Deleted(id=MessageId(team="T1", channel="C1", ts="1.0")))


@pytest.mark.parametrize(
    ("age_s", "error", "least", "most"),
    [
        (0.0, OSError(), 0.3, 0.7),
        (10.0, OSError(), 3.7, 6.3),
        (3600.0, OSError(), 22.0, 38.0),  # Slack away for an hour: every half minute
        (3600.0, GatewayError("refused"), 450.0, 750.0),
        (3600.0, GatewayUnavailableError("asked to wait", 7.0), 7.0, 8.5),
    ],
)
def test_waits_grow_and_are_bounded(
    age_s: float, error: Exception, least: float, most: float
) -> None:
    waits = [delay_s(entry(age_s), error, jitter) for jitter in (0.0, 0.5, 0.999)]
    assert all(least <= wait <= most for wait in waits)
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]
