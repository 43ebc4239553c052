"""Agents correct with emoji: it counts at once, for agents alone, and the same in any order."""

from storage.examples.examples import Examples
from tests.sandbox.running import eventually
from tests.stories.conftest import BILLING, HUMAN, OTHER, SUPPORT, TEAM, TECHNICAL, Story

TICKET = "My invoice shows the wrong amount"


async def labelled(story: Story, text: str = TICKET) -> str:
    ts = await story.write(text)
    await story.shows(ts, "moneybag", BILLING)
    return ts


async def test_an_agents_emoji_moves_the_card_and_removal_takes_it_back(story: Story) -> None:
    ts = await labelled(story)
    await story.people.react("U0AVA", SUPPORT, ts, "wrench")
    await story.shows(ts, "wrench", TECHNICAL)
    await story.people.react("U0ABEL", SUPPORT, ts, "speech_balloon")
    await story.shows(ts, "speech_balloon", OTHER)
    await story.people.unreact("U0ABEL", SUPPORT, ts, "speech_balloon")
    await story.shows(ts, "wrench", TECHNICAL)
    await story.people.unreact("U0AVA", SUPPORT, ts, "wrench")
    await story.shows(ts, "moneybag", BILLING)
    examples = Examples(story.redis)
    assert await examples.counts("TSANDBOX1") == {}
    history = await examples.history("TSANDBOX1", f"{SUPPORT}:{ts}")
    assert [(one.who, one.before, one.after) for one in history] == [
        ("U0AVA", None, "TECHNICAL"),
        ("U0ABEL", "TECHNICAL", "OTHER"),
        ("U0ABEL", "OTHER", "TECHNICAL"),
        ("U0AVA", "TECHNICAL", None),
    ]


async def test_an_emoji_on_the_card_counts_too(story: Story) -> None:
    ts = await labelled(story)
    [(place, card)] = await story.cards(ts)
    await story.people.react("U0AVA", place, card["ts"], "wrench")
    await story.shows(ts, "wrench", TECHNICAL)


async def test_a_confirmation_becomes_an_example(story: Story) -> None:
    ts = await labelled(story)
    await story.people.react("U0AVA", SUPPORT, ts, "white_check_mark")
    examples = Examples(story.redis)

    async def stands() -> bool:
        [found] = await examples.get("TSANDBOX1", [f"{SUPPORT}:{ts}"])
        return found is not None and (found.label, found.source) == ("BILLING", "confirmation")

    await eventually(stands)
    assert "1 of 1 (100%)" in await story.command("accuracy")


async def test_the_confirm_emoji_teaches_nothing_where_the_bot_was_unsure(story: Story) -> None:
    ts = await story.write("The mitochondria is the powerhouse of the cell")
    await story.shows(ts, "raising_hand", HUMAN)
    [(place, card)] = await story.cards(ts)
    assert "white_check_mark" not in str(card["blocks"])
    await story.people.react("U0AVA", place, card["ts"], "white_check_mark")
    await story.quiet()
    await story.shows(ts, "raising_hand", HUMAN)
    assert await Examples(story.redis).counts(TEAM) == {}
    await story.people.react("U0ABEL", place, card["ts"], "wrench")
    await story.shows(ts, "wrench", TECHNICAL)
    [found] = await Examples(story.redis).get(TEAM, [f"{SUPPORT}:{ts}"])
    assert found is not None
    assert (found.label, found.source) == ("TECHNICAL", "correction")


async def test_an_edit_after_a_correction_changes_no_example(story: Story) -> None:
    ts = await story.write("The mitochondria is the powerhouse of the cell")
    await story.shows(ts, "raising_hand", HUMAN)
    await story.people.react("U0AVA", SUPPORT, ts, "moneybag")
    await story.shows(ts, "moneybag", BILLING)
    await story.people.edit(SUPPORT, ts, "never mind, found it")

    async def edited() -> bool:
        [(_, card)] = await story.cards(ts)
        return "never mind" in str(card["blocks"])

    await eventually(edited)
    [found] = await Examples(story.redis).get(TEAM, [f"{SUPPORT}:{ts}"])
    assert found is not None
    assert found.text == "The mitochondria is the powerhouse of the cell"


async def test_an_emoji_is_about_the_text_before_the_first_edit_that_is_heard_of(
    story: Story,
) -> None:
    item = {"type": "message", "channel": SUPPORT, "ts": "1700000000.000100"}
    reaction = {"type": "reaction_added", "user": "U0AVA", "reaction": "moneybag", "item": item}
    await story.people.act("event", event=reaction | {"event_ts": "1700000010.000000"})
    await story.quiet()
    old = {**item, "user": "U0CLEO", "text": "Please refund the double charge"}
    edited = {"user": "U0CLEO", "ts": "1700000020.000000"}
    new = old | {"text": "never mind, found it", "edited": edited}
    changed = {"subtype": "message_changed", "message": new, "previous_message": old}
    at = {"ts": edited["ts"], "event_ts": edited["ts"]}
    await story.people.act("event", event={**item, **changed, **at})
    await story.quiet()
    [found] = await Examples(story.redis).get(TEAM, [f"{SUPPORT}:{item['ts']}"])
    assert found is not None
    assert (found.text, found.label) == ("Please refund the double charge", "BILLING")


async def test_customers_and_strange_emoji_change_nothing(story: Story) -> None:
    ts = await labelled(story)
    await story.people.react("U0CARL", SUPPORT, ts, "wrench")
    await story.people.react("U0AVA", SUPPORT, ts, "eyes")
    stranger = {
        "type": "reaction_added",
        "user": "U0NOBODY",
        "reaction": "wrench",
        "item": {"type": "message", "channel": SUPPORT, "ts": ts},
        "event_ts": "9999999999.1",
    }
    await story.people.act("event", event=stranger)
    await story.quiet()
    await story.shows(ts, "moneybag", BILLING)
    assert await Examples(story.redis).counts("TSANDBOX1") == {}


async def test_the_next_similar_message_is_labelled_as_corrected(story: Story) -> None:
    ts = await story.write("Can you send us a W-9 form for our vendor onboarding?")

    async def answered() -> bool:
        return bool(await story.emoji(ts))

    await eventually(answered)
    await story.people.react("U0AVA", SUPPORT, ts, "moneybag")
    await story.shows(ts, "moneybag", BILLING)
    again = await story.write("Our vendor onboarding still needs your W-9 form")
    await story.shows(again, "moneybag", BILLING)


async def test_a_reaction_that_arrives_before_its_message_counts(story: Story) -> None:
    item = {"type": "message", "channel": SUPPORT, "ts": "1700000000.000100"}
    reaction = {
        "type": "reaction_added",
        "user": "U0AVA",
        "reaction": "wrench",
        "item": item,
        "event_ts": "1700000001.000000",
    }
    for _ in range(2):
        await story.people.act("event", event=reaction)
    await story.quiet()
    message = {"type": "message", "channel": SUPPORT, "user": "U0CLEO", "text": TICKET}
    await story.people.act("event", event=message | {"ts": item["ts"], "event_ts": item["ts"]})
    examples = Examples(story.redis)

    async def stands() -> bool:
        return await examples.counts("TSANDBOX1") == {"TECHNICAL": 1}

    await eventually(stands)


async def test_what_a_customer_gave_away_is_not_kept_in_examples(story: Story) -> None:
    ts = await labelled(story, f"{TICKET}, write to jane@example.com")
    await story.people.react("U0AVA", SUPPORT, ts, "white_check_mark")
    examples = Examples(story.redis)

    async def kept() -> str | None:
        [found] = await examples.get("TSANDBOX1", [f"{SUPPORT}:{ts}"])
        return None if found is None else found.text

    assert await eventually(kept) == f"{TICKET}, write to <EMAIL_1>"
