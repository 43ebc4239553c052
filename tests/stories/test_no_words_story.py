"""A message without words goes to a human, and teaches nothing whoever labels it."""

import pytest

from storage.examples.examples import Examples
from tests.sandbox.running import eventually
from tests.stories.conftest import BILLING, HUMAN, SUPPORT, TEAM, Story


@pytest.mark.parametrize("name", ["image.png", "My invoice shows the wrong amount"])
async def test_a_file_alone_goes_to_a_human_and_is_named(story: Story, name: str) -> None:
    ts = await story.people.post("U0CLEO", SUPPORT, "", files=[{"name": name, "content": "x"}])
    await story.shows(ts, "raising_hand", HUMAN)
    shown = str(await story.cards(ts))
    assert f":paperclip: {name}" in shown
    assert "no words to read" in shown


async def test_a_correction_of_it_is_shown_and_teaches_nothing(story: Story) -> None:
    picture = [{"name": "image.png", "content": "x"}]
    first = await story.people.post("U0CLEO", SUPPORT, "", files=picture)
    await story.shows(first, "raising_hand", HUMAN)
    await story.people.react("U0AVA", SUPPORT, first, "moneybag")
    await story.shows(first, "moneybag", BILLING)
    examples = Examples(story.redis)
    assert [one.after for one in await examples.history(TEAM, f"{SUPPORT}:{first}")] == ["BILLING"]
    assert await examples.counts(TEAM) == {}
    second = await story.people.post("U0CLEO", SUPPORT, "", files=picture)
    await story.shows(second, "raising_hand", HUMAN)
    await story.people.unreact("U0AVA", SUPPORT, first, "moneybag")
    await story.shows(first, "raising_hand", HUMAN)


@pytest.mark.parametrize(
    "text", ["<https://example.org/pay>", "<@U0AVA>", ":tada:", "\u200b\u2060", "<#C0OTHER>"]
)
async def test_what_says_nothing_goes_to_a_human(story: Story, text: str) -> None:
    ts = await story.write(text)
    await story.shows(ts, "raising_hand", HUMAN)


async def test_words_beside_a_file_are_read_and_its_name_is_not_learnt(story: Story) -> None:
    ts = await story.people.post(
        "U0CLEO",
        SUPPORT,
        "My invoice shows the wrong amount",
        files=[{"name": "image.png", "content": "x"}],
    )
    await story.shows(ts, "moneybag", BILLING)
    assert ":paperclip: image.png" in str(await story.cards(ts))
    await story.people.react("U0AVA", SUPPORT, ts, "white_check_mark")

    async def taught() -> bool:
        [one] = await Examples(story.redis).get(TEAM, [f"{SUPPORT}:{ts}"])
        return one is not None and one.text == "My invoice shows the wrong amount"

    await eventually(taught)
