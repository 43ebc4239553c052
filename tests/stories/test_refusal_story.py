"""What Slack refuses: the message still gets what Slack takes, and `status` names the rest."""

from collections.abc import AsyncIterator

import pytest

from bot.config.config import Config
from storage.server.protocol import Client
from tests.sandbox.running import eventually
from tests.stories.conftest import BILLING, SUPPORT, TECHNICAL, Story, telling

TICKET = "My invoice shows the wrong amount"
NASTY = ("<a>1</a>" * 200, "&" * 3_000, "<!channel> ```" * 500)


async def card_of(story: Story, ts: str) -> str:
    [(_, card)] = await story.cards(ts)
    return str(card["blocks"])


@pytest.mark.parametrize("text", NASTY)
async def test_a_text_full_of_brackets_gets_its_card(story: Story, text: str) -> None:
    ts = await story.write(f"{TICKET} {text}")
    await story.quiet()
    [(_, card)] = await story.cards(ts)
    assert TICKET in str(card["blocks"])
    assert "wrong" not in await story.command("status")


async def test_a_refused_text_leaves_a_card_without_it_and_a_problem_of_this_message(
    story: Story,
) -> None:
    await story.people.faults("chat.postMessage", "invalid_blocks")
    ts = await story.write(f"{TICKET}, says Zoe")
    await story.shows(ts, "moneybag", BILLING)
    await story.quiet()
    assert "Zoe" not in await card_of(story, ts)
    assert f"/archives/{SUPPORT}/p{ts.replace('.', '')}" in await card_of(story, ts)
    other = await story.write("My invoice shows the wrong amount again")
    await story.shows(other, "moneybag", BILLING)
    await story.quiet()
    status = await story.command("status")
    assert "card in #billing: chat.postMessage: Slack answered invalid_blocks" in status
    assert f"(message {SUPPORT}:{ts})" in status
    await story.people.edit(SUPPORT, ts, f"{TICKET}, says Zoe")
    await story.people.edit(SUPPORT, ts, f"{TICKET}, Zoe says")

    async def whole() -> bool:
        return "Zoe" in await card_of(story, ts)

    await eventually(whole)
    await story.quiet()
    assert "invalid_blocks" not in await story.command("status")


async def test_a_refused_update_is_shown_without_the_text(story: Story) -> None:
    ts = await story.write(TICKET)
    await story.shows(ts, "moneybag", BILLING)
    await story.people.faults("chat.update", "msg_too_long")
    await story.people.edit(SUPPORT, ts, f"{TICKET}, says Zoe")

    async def bare() -> bool:
        return TICKET not in await card_of(story, ts)

    await eventually(bare)
    await story.quiet()
    assert "msg_too_long" in await story.command("status")


async def test_a_problem_goes_with_the_card_that_had_it(story: Story) -> None:
    await story.people.faults("chat.postMessage", "is_archived", times=1_000)
    ts = await story.write(TICKET)

    async def named() -> bool:
        return "card in #billing: chat.postMessage" in await story.command("status")

    await eventually(named, 20)
    await story.people.act("faults", clear=True)
    await story.people.react("U0AVA", SUPPORT, ts, "wrench")
    await story.shows(ts, "wrench", TECHNICAL)
    await story.quiet()
    assert "is_archived" not in await story.command("status")


@pytest.fixture
async def mentioning(redis: Client, valkey_url: str, config: Config) -> AsyncIterator[Story]:
    """A bot that may not read user groups; agents and admins are listed by id."""
    labels = tuple(one.model_copy(update={"mention": "@billing"}) for one in config.labels)
    people = {"agents": ("U0AVA",), "admins": ("U0ADA",)}
    changed = config.model_copy(
        update={"labels": labels, "triage": config.triage.model_copy(update=people)}
    )
    async with telling(redis, valkey_url, changed) as told:
        yield told


@pytest.mark.parametrize("answer", ["missing_scope", "plan_upgrade_required", "ok"])
async def test_a_group_that_cannot_be_looked_up_costs_the_mention_alone(
    mentioning: Story, answer: str
) -> None:
    story = mentioning
    await story.people.faults("usergroups.list", answer, times=1_000)
    ts = await story.write(TICKET)
    await story.shows(ts, "moneybag", BILLING)
    await story.quiet()
    assert "@billing" in await card_of(story, ts)
    status = await story.command("status")
    assert "mention @billing" in status
    assert (answer if answer != "ok" else "Slack has no user group with this handle") in status


async def test_a_model_is_asked_once_while_slack_does_not_answer(mentioning: Story) -> None:
    story = mentioning
    await story.people.faults("usergroups.list", 500, times=3)
    ts = await story.write(TICKET)

    async def labelled() -> bool:
        return await story.emoji(ts) == {"moneybag"}

    await eventually(labelled)  # the group is not known yet, and nothing else waits for it
    assert await story.cards(ts) == []
    await story.shows(ts, "moneybag", BILLING)
    figures = story.bot.services.metrics.registry
    asked = figures.get_sample_value("triage_messages_labelled_total", {"label": "BILLING"})
    assert asked == 1
