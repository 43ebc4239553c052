"""Half an emoji, on every way in: it is replaced, and nothing is lost or stops."""

from storage import keys
from tests.stories.conftest import BILLING, HUMAN, SUPPORT, TEAM, TECHNICAL, Story


async def test_a_message_with_half_an_emoji_is_answered(story: Story) -> None:
    ts = await story.write("My invoice shows the wrong amount \ud83d")
    await story.shows(ts, "moneybag", BILLING)
    assert "wrong amount \ufffd" in str(await story.cards(ts))
    await story.people.edit(SUPPORT, ts, "The dashboard is not loading on Chrome \ude00")
    await story.shows(ts, "wrench", TECHNICAL)
    assert await story.inbox.dead(TEAM) == 0


async def test_a_command_with_half_an_emoji_is_answered(story: Story) -> None:
    assert "is not a `/triage` command" in await story.command("acc\ud83d")


async def test_a_name_with_half_an_emoji_is_shown(story: Story) -> None:
    story.sandbox.state.users["U0CLEO"]["profile"]["display_name"] = "Cleo \ud83d"
    ts = await story.write("My invoice shows the wrong amount")
    await story.shows(ts, "moneybag", BILLING)
    assert "Cleo \ufffd" in str(await story.cards(ts))


async def test_a_file_whose_name_has_half_an_emoji_is_named(story: Story) -> None:
    picture = [{"name": "login \ud83d.png", "content": "x"}]
    ts = await story.people.post("U0CLEO", SUPPORT, "", files=picture)
    await story.shows(ts, "raising_hand", HUMAN)
    assert ":paperclip: login \ufffd.png" in str(await story.cards(ts))


async def test_a_long_message_that_is_edited_often_stays_small(story: Story) -> None:
    ts = await story.write("My invoice shows the wrong amount. " + "log " * 9_700)
    for number in range(20):
        text = f"My invoice shows the wrong amount. {number} " + "紙 " * 19_000
        await story.people.edit(SUPPORT, ts, text)
    await story.quiet()
    assert await story.redis.strlen(keys.record(TEAM, SUPPORT, ts)) < 60_000
    assert await story.inbox.dead(TEAM) == 0
