"""Nothing of a message outlives `[keep] days`, but the example that an agent made of it."""

import pytest

from bot.config.config import Config
from storage import keys
from storage.config import KeepConfig
from storage.examples.examples import Examples
from tests.stories.conftest import BILLING, SUPPORT, TEAM, TECHNICAL, Story

DAYS = 7


@pytest.fixture
def config(config: Config) -> Config:
    """That of the story, with a shorter memory."""
    return config.model_copy(update={"keep": KeepConfig(days=DAYS)})


async def test_messages_cards_and_emoji_live_as_long_as_is_set(story: Story) -> None:
    ts = await story.write("My invoice shows the wrong amount")
    await story.shows(ts, "moneybag", BILLING)
    await story.people.react("U0AVA", SUPPORT, ts, "wrench")
    await story.shows(ts, "wrench", TECHNICAL)
    await story.quiet()
    kept = [
        keys.record(TEAM, SUPPORT, ts),
        keys.reactions(TEAM, SUPPORT, ts),
        *[keys.card(TEAM, place, card["ts"]) for place, card in await story.cards(ts)],
    ]
    lives = [await story.redis.ttl(key) for key in kept]
    assert len(lives) == 3
    assert all(0 < one <= DAYS * 24 * 3600 for one in lives)
    assert await Examples(story.redis).counts(TEAM) == {"TECHNICAL": 1}
