"""The answer to a command is retried until it is delivered or its time is up."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.config.config import PacingConfig
from bot.slack.answer_delivery import AnswerDelivery
from bot.slack.client import web_client
from bot.slack.errors import GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.pacing import Pacing
from sandbox.faults import Fault
from storage.inbox.commands import Commands
from storage.inbox.events import Asked
from storage.messages import MessageId
from storage.server.limiter import Limiter
from storage.server.protocol import Client
from tests.sandbox.running import RunningSandbox, running_sandbox
from tests.stories.conftest import TEAM

MINUTE_S, HOUR_S = 60.0, 3600.0
NOBODY = "http://127.0.0.1:9/"


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as running:
        running.state.on_event.clear()
        yield running


@pytest.fixture
def delivery(sandbox: RunningSandbox, redis: Client) -> AnswerDelivery:
    client = web_client(sandbox.bot_token, sandbox.api_url)
    gateway = Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig()))
    return AnswerDelivery(Commands(redis, TEAM), gateway)


def asked(waited_s: float) -> Asked:
    at = MessageId(team=TEAM, channel="/triage", ts="trigger.1")
    return Asked(item=at, user="U0ADA", text="status", response_url=NOBODY, waited_s=waited_s)


def delivered(sandbox: RunningSandbox) -> list[str]:
    places = sandbox.state.messages
    direct = [messages for at, messages in places.items() if at[0] == "D"]
    return [message["text"] for messages in direct for message in messages.values()]


async def test_response_url_is_used_while_it_is_valid(
    sandbox: RunningSandbox, delivery: AnswerDelivery
) -> None:
    with pytest.raises(GatewayUnavailableError, match="response_url"):
        await delivery.tell(asked(29 * MINUTE_S), "done")
    assert delivered(sandbox) == []
    await delivery.tell(asked(31 * MINUTE_S), "done")
    assert delivered(sandbox) == ["done"]


async def test_an_answer_is_retried_for_two_hours_then_logged(
    sandbox: RunningSandbox, delivery: AnswerDelivery
) -> None:
    sandbox.server.sandbox.faults.add(Fault("conversations.open", "500", times=2))
    with pytest.raises(GatewayUnavailableError):
        await delivery.tell(asked(2 * HOUR_S - 1), "done")
    with capture_logs() as logs:
        await delivery.tell(asked(2 * HOUR_S + 1), "done")
    assert [(line["event"], line["user"]) for line in logs] == [("command.unheard", "U0ADA")]
    assert delivered(sandbox) == []
