"""An admin trains from Slack: cost first, then one message that follows the job to its end."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.admin import train
from bot.admin.train import trainer_of
from bot.config.config import Config
from storage.jobs import Jobs
from storage.models import Models
from storage.server.protocol import Client
from tests.learning.finetune.world import QUICK, teach
from tests.learning.finetuning_server import KEY, FinetuningServer
from tests.sandbox.running import eventually
from tests.stories.conftest import Story, telling

TEAM = "TSANDBOX1"


@pytest.fixture
async def story(
    redis: Client,
    valkey_url: str,
    config: Config,
    provider: FinetuningServer,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Story]:
    monkeypatch.setattr(train, "trainer_of", partial(trainer_of, pace=QUICK))
    await teach(redis, TEAM, config.label_set)
    async with telling(
        redis,
        valkey_url,
        config,
        openai_api_key=SecretStr(KEY),
        openai_base_url=f"{provider.url}/v1/",
        triage_config=Path("triage.toml"),
    ) as told_story:
        yield told_story


async def told(story: Story) -> list[str]:
    """What the bot wrote to the admin in direct messages, as it stands now."""
    state = await story.people.state()
    return [
        str(one["blocks"][0]["text"]["text"])
        for messages in state["messages"].values()
        for one in messages
        if "Training openai" in one["text"]
    ]


async def test_from_the_question_to_the_challenger(
    story: Story, provider: FinetuningServer
) -> None:
    plan = await story.command("train openai")
    assert "Cost: about" in plan
    assert "2027-01-14" in plan  # when the base model stops
    assert "To start it: `/triage train openai anyway confirm`" in plan
    assert provider.files == []
    begun = await story.command("train openai confirm anyway")
    assert "Started job" in begun

    async def ready() -> str | None:
        found = await told(story)
        return found[0] if found and "New model" in found[0] else None

    text = await eventually(ready, 25)
    [model] = await Models(story.redis).all(TEAM)
    assert f"New model {model.id} is ready" in text
    assert "123,456 tokens" in text
    assert len(await told(story)) == 1
    assert "This job exists already" in await story.command("train openai confirm anyway")
    assert len(provider.jobs) == 1
    assert "Training openai: ready" in await story.command("jobs")


async def test_an_admin_cancels_from_slack(story: Story, provider: FinetuningServer) -> None:
    provider.ends = "running"
    await story.command("train openai confirm anyway")

    async def trains() -> bool:
        return any("status running" in one for one in await told(story))

    await eventually(trains, 25)
    [job] = await Jobs(story.redis).all(TEAM)
    assert "being cancelled" in await story.command(f"cancel {job.id[:4]}")

    async def ended() -> bool:
        return any("Training openai: cancelled" in one for one in await told(story))

    await eventually(ended, 25)
    assert provider.cancelled == [job.remote]
    assert "has ended already" in await story.command(f"cancel {job.id}")


async def test_what_is_wrong_is_said(story: Story) -> None:
    for text, words in (
        ("train magic", "local|openai|azure|nebius"),
        ("train nebius", "NEBIUS_API_KEY is not set"),
        ("jobs", "No training jobs yet"),
        ("cancel", "/triage cancel JOB"),
        ("cancel <!channel>", "no job &lt;!channel&gt;"),
    ):
        assert words in await story.command(text)
