"""A channel's history is read once, even if turns are slow."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.config.config import PacingConfig, load_config
from bot.slack import gateway as gateway_module
from bot.slack import history, pacing
from bot.slack.client import web_client
from bot.slack.directory import Directory
from bot.slack.gateway import Gateway
from bot.slack.history import ChannelHistory
from bot.slack.pacing import Pacing
from storage.messages import MessageId
from storage.server.limiter import Limiter
from storage.server.protocol import Client
from tests.sandbox.running import RunningSandbox, running_sandbox
from tests.stories.conftest import SUPPORT, TEAM


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as running:
        yield running


async def test_slow_turns_do_not_restart_the_read(
    sandbox: RunningSandbox, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no burst left, the first channel becomes stale before the last one is read."""
    limits = pacing._LIMITS | {"conversations.history": (5, 1.0)}  # noqa: SLF001
    monkeypatch.setattr(pacing, "_LIMITS", limits)
    monkeypatch.setattr(history, "_FRESH_S", 0.5)
    monkeypatch.setattr(gateway_module, "_PATIENCE_S", 0.1)
    config = load_config(Path("triage.toml"))
    client = web_client(sandbox.bot_token, sandbox.api_url)
    gateway = Gateway(client, Pacing(Limiter(redis, TEAM), PacingConfig()))
    channel_history = ChannelHistory(config, gateway, Directory(client, config))
    messages = [MessageId(team=TEAM, channel=SUPPORT, ts=f"{number}.0") for number in range(3)]
    reads = (channel_history.cards(message, 1.0) for message in messages)
    found = await asyncio.wait_for(asyncio.gather(*reads), 20)
    assert found == [[], [], []]
