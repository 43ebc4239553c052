"""Calls stay below Slack's rate limits, and failed events are retried after a delay."""

import pytest
from structlog.testing import capture_logs

from bot.app.loops import Loops
from bot.config.config import PacingConfig
from bot.message.worker import Worker, delay_s
from bot.observe.metrics import Metrics
from bot.slack.client import web_client
from bot.slack.errors import GatewayError, GatewayPacedError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.pacing import Pacing
from storage.inbox.events import Deleted, Event
from storage.inbox.inbox import Entry, Inbox
from storage.messages import MessageId
from storage.server.limiter import Limiter
from storage.server.protocol import Client
from tests.sandbox.running import eventually


async def turns(pacing: Pacing, method: str, channel: str, *, urgent: bool = True) -> int:
    """Return the number of calls that get a turn at once."""
    count = 0
    while not await pacing.turn(method, channel, 0.0, urgent=urgent):
        count += 1
        assert count < 100
    return count


async def test_bursts_are_a_share_of_the_limit_per_channel(redis: Client) -> None:
    pacing = Pacing(Limiter(redis, "T1"), PacingConfig())
    assert await turns(pacing, "reactions.add", "C1") == 10  # a fifth of 50 a minute
    assert await turns(pacing, "reactions.add", "C2") == 0
    assert await turns(pacing, "chat.postMessage", "C1") == 1
    assert await turns(pacing, "chat.postMessage", "C2") == 1


async def test_reports_leave_half_of_a_burst_to_answers(redis: Client) -> None:
    pacing = Pacing(Limiter(redis, "T1"), PacingConfig())
    assert await turns(pacing, "conversations.history", "", urgent=False) == 5
    assert await turns(pacing, "conversations.history", "") == 5


async def test_a_wait_that_slack_asked_for_applies_to_every_process(redis: Client) -> None:
    one, other = (Pacing(Limiter(redis, "T1"), PacingConfig()) for _ in range(2))
    await one.hold_off("chat.postMessage", "C1", 20)
    assert 19 < await other.turn("chat.postMessage", "C1", 1.0, urgent=True) <= 20
    assert await other.turn("chat.postMessage", "C2", 1.0, urgent=True) == 0


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (GatewayPacedError("reactions.add: asked to wait", 9.0), ("event.paced", "info")),
        (GatewayUnavailableError("reactions.add: 500"), ("event.postponed", "warning")),
    ],
)
async def test_a_wait_for_a_turn_is_not_logged_as_an_outage(
    redis: Client, error: Exception, line: tuple[str, str]
) -> None:
    class Failing:
        async def handle(self, _: Event) -> None:
            raise error

    inbox, loops = Inbox(redis), Loops(Metrics())
    await inbox.receive(entry(0.0).event)
    worker = Worker(inbox, {"T1": Failing()})
    with capture_logs() as logs:
        worker.start(loops)
        await eventually(lambda: logs)
        await worker.drain(loops, 1.0)
    assert (logs[0]["event"], logs[0]["log_level"]) == line


async def test_a_turn_that_takes_too_long_raises_paced(redis: Client) -> None:
    pacing = Pacing(Limiter(redis, "T1"), PacingConfig())
    await pacing.hold_off("reactions.add", "", 20)
    gateway = Gateway(web_client("xoxb-x", "http://127.0.0.1:9/api/"), pacing)
    with pytest.raises(GatewayPacedError, match="Slack's rate limit is reached"):
        await gateway.ready("reactions.add")


def entry(age_s: float) -> Entry:
    event = Deleted(id=MessageId(team="T1", channel="C1", ts="1.0"))
    return Entry("1:C1", "T1", event, waited_s=age_s)


@pytest.mark.parametrize(
    ("age_s", "error", "least", "most"),
    [
        (0.0, OSError(), 0.3, 0.7),
        (10.0, OSError(), 3.7, 6.3),
        (3600.0, OSError(), 22.0, 38.0),  # an outage of an hour: every half minute
        (3600.0, GatewayError("refused"), 450.0, 750.0),
        (3600.0, GatewayUnavailableError("asked to wait", 7.0), 7.0, 8.5),
    ],
)
def test_delays_grow_and_are_bounded(
    age_s: float, error: Exception, least: float, most: float
) -> None:
    waits = [delay_s(entry(age_s), error, jitter) for jitter in (0.0, 0.5, 0.999)]
    assert all(least <= wait <= most for wait in waits)
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]
