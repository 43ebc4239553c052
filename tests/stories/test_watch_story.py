"""A challenger answers in shadow, and admins are told once when something changes."""

import json
import time

from bot.admin.drift_watch import DriftWatch
from bot.config.config import Config
from storage.series import Series, ShownAnswer
from tests.learning.teaching import add_recipe
from tests.sandbox.running import eventually
from tests.stories.conftest import BILLING, SUPPORT, Story


async def test_a_challenger_is_measured_in_shadow_and_shows_nothing(
    story: Story, config: Config
) -> None:
    team = story.bot.team
    model = await add_recipe(story.redis, team, config, 5.0)
    key = f"triage:{{{team}}}:shadow:{model.id}"

    async def answered() -> str | None:
        ts = await story.write("My invoice shows the wrong amount")
        await story.shows(ts, "moneybag", BILLING)
        return ts if await story.redis.hlen(key) else None

    ts = await eventually(answered, 30)
    [stored] = (await story.redis.hgetall(key)).values()
    assert json.loads(stored)["label"] == "BILLING"
    first = next(iter(await story.redis.hgetall(key))).partition(":")[2]
    await story.people.react("U0AVA", SUPPORT, first, "white_check_mark")

    async def judged() -> bool:
        return "1 judged by agents" in await story.command("models")

    await eventually(judged, 20)
    assert ts


async def test_a_change_is_told_once(story: Story, config: Config) -> None:
    services = story.bot.services
    series = Series(story.redis, story.bot.team)
    watch = DriftWatch(
        config, series, services.slack.directory, services.slack.people, services.slack.gateway
    )

    async def answers(count: int, label: str) -> None:
        for number in range(count):
            one = ShownAnswer(
                at=time.time(), label=label if number % 2 else "BILLING", classifier="c", ms=1
            )
            await series.append("answers", one.model_dump_json())

    async def told() -> list[str]:
        state = await story.people.state()
        return [
            one["text"]
            for messages in state["messages"].values()
            for one in messages
            if "Something has changed" in one.get("text", "")
        ]

    await answers(400, "ACCOUNT")
    await watch.look()
    assert await told() == []
    await answers(200, "TECHNICAL")
    await watch.look()
    [text] = await eventually(told)
    assert "TECHNICAL" in text
    assert "label mix changed" in await story.command("status")
    exposed = (await story.health.exposition()).decode()
    assert 'triage_drift{team="TSANDBOX1",what="label mix"} 1.0' in exposed
    assert 'triage_drift{team="TSANDBOX1",what="accuracy"} 0.0' in exposed
    await answers(400, "TECHNICAL")
    await watch.look()
    assert len(await told()) == 1
