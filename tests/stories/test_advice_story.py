"""An admin asks for advice in Slack, and gets the curve as a picture."""

import pytest

from bot.config.config import Config
from tests.learning.teaching import teach
from tests.stories.conftest import Story


@pytest.mark.timeout(150)
async def test_advice_comes_with_a_picture(story: Story, config: Config) -> None:
    await teach(story.redis, story.bot.team, 64, config.label_set.version)
    answer = await story.command("advice", seconds=120)
    assert "36 more good examples first" in answer
    assert "Learning curve of the local model" in answer
    assert "2027-01-06" in answer
    [file] = (await story.people.state())["files"]
    assert file["name"] == "learning-curve.png"
