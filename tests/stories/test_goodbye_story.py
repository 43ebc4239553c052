"""A bot that is told to stop says goodbye to Slack without a word of alarm."""

import logging

import pytest

from bot.config.config import Config
from storage.server.protocol import Client
from tests.stories.conftest import telling


async def test_a_stop_is_not_logged_as_an_error(
    redis: Client, valkey_url: str, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    async with telling(redis, valkey_url, config):
        pass
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
