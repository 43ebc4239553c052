"""What was shown is read from Slack in one go, however slowly turns come."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support_triage.bot import gateway as sending
from support_triage.bot import memory, pacing
from support_triage.bot.config import PacingConfig, load_config
from support_triage.bot.directory import Directory
from support_triage.bot.gateway import Gateway
from support_triage.bot.memory import Memory
from support_triage.bot.pacing import Pacing
from support_triage.bot.slack_client import web_client
from support_triage.storage.connection import Client
from support_triage.storage.limiter import Limiter
from support_triage.storage.messages import MessageId
from tests.sandbox.running import RunningSandbox, running_sandbox
from tests.stories.conftest import SUPPORT, TEAM


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as running:
        yield running


async def test_slow_turns_end_in_an_answer(
    sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when all turns but the steady ones are used up: a channel is stale before the last one."""
    limits = pacing._LIMITS | {"conversations.history": (5, 1.0)}  # noqa: SLF001
    monkeypatch.setattr(pacing, "_LIMITS", limits)
    monkeypatch.setattr(memory, "_FRESH_S", 0.5)
    monkeypatch.setattr(sending, "_PATIENCE_S", 0.1)
    config = load_config(Path("triage.toml"))
    client = web_client(sandbox.bot_token, sandbox.api_url)
    gateway = Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig()))
    read = Memory(config, gateway, Directory(client, config))
    messages = [MessageId(team=TEAM, channel=SUPPORT, ts=f"{number}.0") for number in range(3)]
    found = await asyncio.wait_for(asyncio.gather(*(read.cards(one, 1.0) for one in messages)), 20)
    assert found == [[], [], []]
