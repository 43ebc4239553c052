"""Agents' emoji count under every name that they have in Slack."""

import unicodedata
from collections.abc import AsyncIterator

import pytest

from bot.config.config import Config
from storage.server.protocol import Client
from tests.stories.conftest import BILLING, SUPPORT, TECHNICAL, Story, telling

GA = unicodedata.normalize("NFD", "が")


@pytest.fixture
async def story(redis: Client, valkey_url: str, config: Config) -> AsyncIterator[Story]:
    emoji = {"BILLING": "telephone", "TECHNICAL": "請求書", "ACCOUNT": GA}
    content = config.model_dump()
    for label in content["labels"]:
        label["emoji"] = emoji.get(label["name"], label["emoji"])
    async with telling(redis, valkey_url, Config.model_validate(content)) as told:
        for name, value in (("請求書", "https://x/1"), ("が", "https://x/2")):
            await told.people.act("emoji", name=name, value=value)
        await told.people.act("emoji", name="anruf", value="alias:telephone")
        yield told


async def test_any_name_of_an_emoji_corrects(story: Story) -> None:
    ts = await story.write("The dashboard is not loading on Chrome")
    await story.shows(ts, "請求書", TECHNICAL)
    await story.people.react("U0AVA", SUPPORT, ts, "telephone")
    await story.shows(ts, "phone", BILLING)
    await story.people.unreact("U0AVA", SUPPORT, ts, "phone")
    await story.shows(ts, "請求書", TECHNICAL)
    await story.people.react("U0AVA", SUPPORT, ts, "anruf")
    await story.shows(ts, "phone", BILLING)
    await story.people.unreact("U0AVA", SUPPORT, ts, "anruf")
    await story.people.react("U0AVA", SUPPORT, ts, "が")
    await story.shows(ts, "が", "C0ACCOUNT")
