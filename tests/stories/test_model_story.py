"""An admin promotes, looks and takes back in Slack; the bot follows without a restart."""

import pytest

from bot.config.config import Config
from tests.learning.teaching import add_recipe, teach
from tests.sandbox.running import eventually
from tests.stories.conftest import Story


async def test_promote_by_force_follow_and_roll_back(story: Story, config: Config) -> None:
    team = story.bot.team
    assert "no new model" in await story.command("promote")
    assert "none yet" in await story.command("models")
    model = await add_recipe(story.redis, team, config, 5.0)
    assert f"`{model.id}` new" in await story.command("models")
    assert "Give a reason" in await story.command("promote --force")
    answer = await story.command("promote —force colder <!here> winters")
    assert "without a comparison: colder &lt;!here&gt; winters" in answer
    await eventually(lambda: story.bot.classifier.identity == model.id, 5)
    shown = await story.command("models")
    assert f"`{model.id}` in use" in shown
    assert "promoted without a comparison: the default model" in shown
    assert "the default model" in await story.command("rollback too cold")
    await eventually(lambda: story.bot.classifier.identity == "", 5)
    assert "no model was promoted" in await story.command("rollback")


@pytest.mark.timeout(150)
async def test_the_gate_reports_with_a_picture(story: Story, config: Config) -> None:
    team = story.bot.team
    await teach(story.redis, team, 60, config.label_set.version)
    model = await add_recipe(story.redis, team, config, 99.0)
    answer = await story.command("promote", seconds=120)
    assert f"`{model.id}` is not used" in answer
    assert "KEEP the model in use" in answer
    assert "more held-out examples" in answer
    [file] = (await story.people.state())["files"]
    assert file["name"] == f"gate-{model.id}.png"
    assert file["size"] > 5_000
