"""Forgetting a person: counted first, then gone from everywhere, and ended once."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bot.config.config import Config
from classifiers.base import Neighbour
from learning.dataset.snapshot import freeze
from learning.export.export import export
from learning.reading.reader import identity
from storage import keys
from storage.examples.examples import Examples, StoredExample
from storage.examples.snapshots import Snapshots
from storage.forget.forgets import Forgets
from storage.inbox.dead_letters import DeadLetters
from storage.inbox.events import Posted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.records import Record, Records
from storage.shadows import ShadowAnswer
from tests.learning.export.exports import LABELS
from tests.learning.teaching import add_recipe
from tests.sandbox.running import eventually
from tests.stories.conftest import ACCOUNT, BILLING, SUPPORT, TEAM, TECHNICAL, Story
from tests.words import files_with, keys_with

SECRET = "Refund invoice 4711 of my bakery please"
ALIKE = "Refund invoice 4712 of my shop please"
OF_BAKERY = (
    ("Refund the invoice of my bakery please", ("moneybag", BILLING)),
    ("The dashboard of my bakery is not loading", ("wrench", TECHNICAL)),
    ("How do I reset my password at the bakery", ("bust_in_silhouette", ACCOUNT)),
)
"""Three channels get the cards, as Slack takes a message a second in each."""
CLEO, OTHER = "U0CLEO", "U0CARL"


async def forgotten(story: Story, user: str = CLEO, seconds: float = 30) -> None:
    """Forget a person, and wait until that has ended and what it asked for is done."""
    said = await story.command(f"forget {user} now")
    assert "*Forgetting*" in said
    forgets = Forgets(story.redis, TEAM)

    async def ended() -> bool:
        return not await forgets.running()

    await eventually(ended, seconds)
    await story.quiet()


async def told(story: Story) -> list[str]:
    """The direct messages that tell of an end."""
    state = await story.people.state()
    return [
        one["text"]
        for place, messages in state["messages"].items()
        if place.startswith("D")
        for one in messages
        if "Forgot everything that" in one["text"]
    ]


async def taught(story: Story, text: str = SECRET, user: str = CLEO) -> tuple[str, StoredExample]:
    """A message of a person that an agent confirmed, and the example of it."""
    ts = await story.people.post(user, SUPPORT, text)
    await story.shows(ts, "moneybag", BILLING)
    await story.people.react("U0AVA", SUPPORT, ts, "white_check_mark")

    async def standing() -> StoredExample | None:
        return (await Examples(story.redis).get(TEAM, [f"{SUPPORT}:{ts}"]))[0]

    example = await eventually(standing)
    assert example is not None
    return ts, example


async def test_a_person_is_forgotten_everywhere(
    story: Story, config: Config, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ts, example = await taught(story)
    series, shadows = story.bot.services.stores.series, story.bot.services.stores.shadows
    assert [one.id for one in await series.answers()] == [f"{SUPPORT}:{ts}"]
    model = await add_recipe(story.redis, TEAM, config, 5.0)
    said = ShadowAnswer(label="BILLING", given=True, champion="BILLING")
    for message in (f"{SUPPORT}:{ts}", "C:other"):
        await shadows.put(model.id, message, said)
    snapshots = Snapshots(story.redis)
    snapshot = freeze([example], LABELS, "1")
    await snapshots.add(TEAM, snapshot)
    other = freeze([example.model_copy(update={"id": "C:other", "text": "Hello"})], LABELS, "2")
    await snapshots.add(TEAM, other)
    again = StoredExample(
        id=identity(SECRET), text=SECRET, label="BILLING", source="import", label_set="s", when="1"
    )
    await Examples(story.redis).put(TEAM, again.id, again)
    at = MessageId(team=TEAM, channel=SUPPORT, ts="9.9")
    dead = Posted(message=Message(id=at, user=CLEO, text=SECRET))
    await story.redis.xadd(keys.dead(TEAM), {"event": dead.model_dump_json(), "reason": "test"})
    unread = json.dumps({"kind": "of tomorrow", "author": CLEO, "words": SECRET})
    await story.redis.xadd(keys.dead(TEAM), {"event": unread, "reason": "test"})

    counted = await story.command("forget U0CLEO")
    assert "messages with their predictions: 1" in counted
    assert "examples: 1" in counted
    assert f"in training sets: {snapshot.id}" in counted
    assert await keys_with(story.redis, "bakery")
    await forgotten(story)

    assert await story.cards(ts) == []
    assert await Examples(story.redis).counts(TEAM) == {}
    assert await series.answers() == []
    assert list(await shadows.all(model.id)) == ["C:other"]
    assert [one async for one in DeadLetters(story.redis).iterate(TEAM)] == []
    left = await snapshots.get(TEAM, snapshot.id)
    assert left is not None
    assert (left.train, left.test, len(left.forgotten)) == ((), (), 1)
    assert await snapshots.get(TEAM, other.id) == other
    assert await keys_with(story.redis, "bakery", "4711") == []
    await Examples(story.redis).put(TEAM, "x", again.model_copy(update={"text": "Hello"}))
    for kind in ("jsonl", "openai"):
        path = tmp_path / f"out-{kind}.jsonl"
        await export(Examples(story.redis), TEAM, kind, config.label_set, path, 0.0)
    assert files_with(tmp_path, "bakery") == []
    assert "bakery" not in "".join(capfd.readouterr())


async def test_more_cards_than_slack_lets_us_delete_at_once_are_all_gone_and_told_once(
    story: Story,
) -> None:
    written = {
        await story.write(f"{words}, {number}"): shown
        for number in range(3)
        for words, shown in OF_BAKERY
    }
    for ts, shown in written.items():
        await story.shows(ts, *shown)
    await story.command("forget U0CLEO now")
    seen = await story.command("jobs")
    assert "Forgetting <@U0CLEO>" in seen or "Forgot everything that <@U0CLEO>" in seen
    await forgotten(story, seconds=60)
    assert [await story.cards(ts) for ts in written] == [[]] * 9
    [said] = await told(story)
    assert "9 messages, 9 cards in Slack" in said
    assert "9 messages, 9 cards in Slack" in await story.command("jobs")
    audited = [fields["what"] for _, fields in await story.redis.xrange(keys.audit(TEAM))]
    assert audited.count("forgotten") == 1
    assert await keys_with(story.redis, "bakery") == []


async def test_the_words_leave_others_cards_and_records(story: Story) -> None:
    await taught(story)

    async def quoted() -> str | None:  # the example is learnt within two seconds
        ts = await story.people.post(OTHER, SUPPORT, ALIKE)
        await story.shows(ts, "moneybag", BILLING)
        return ts if "my bakery" in str(await story.cards(ts)) else None

    other = str(await eventually(quoted, 40))
    at = MessageId(team=TEAM, channel=SUPPORT, ts=other)
    record = await Records(story.redis).get(at)
    assert record is not None
    assert "bakery" not in record.model_dump_json()
    await forgotten(story)

    async def unquoted() -> bool:
        cards = str(await story.cards(other))
        return "my shop" in cards and "bakery" not in cards

    await eventually(unquoted)
    assert await keys_with(story.redis, "bakery") == []


async def test_the_words_leave_others_records_that_version_0_1_wrote(story: Story) -> None:
    _, example = await taught(story)
    other = await story.people.post(OTHER, SUPPORT, ALIKE)
    await story.shows(other, "moneybag", BILLING)
    at = MessageId(team=TEAM, channel=SUPPORT, ts=other)
    key = keys.record(TEAM, SUPPORT, other)
    stored: dict[str, Any] = json.loads(await story.redis.get(key))
    near = [asdict(Neighbour(example.text, "BILLING", 0.9)), asdict(Neighbour("Mine", "X", 0.8))]
    for one in near:
        del one["id"]
    stored["prediction"]["neighbours"] = near
    await story.redis.set(key, json.dumps(stored))
    await story.redis.delete(keys.quoted(TEAM, example.id))
    await forgotten(story)

    async def unquoted() -> bool:
        return "bakery" not in str(await story.cards(other))

    await eventually(unquoted)
    record = await Records(story.redis).get(at)
    assert record is not None
    assert record.prediction is not None
    assert [one.text for one in record.prediction.neighbours] == ["", "Mine"]
    assert await keys_with(story.redis, "bakery") == []


@pytest.mark.slow
async def test_what_was_sent_before_comes_back_on_no_way_and_what_is_sent_after_is_served(
    story: Story,
) -> None:
    ts, example = await taught(story)
    late = await story.write("My bakery is closed, refund the invoice")
    await story.shows(late, "moneybag", BILLING)
    await forgotten(story)
    message = Message(id=MessageId(team=TEAM, channel=SUPPORT, ts=ts), user=CLEO, text=SECRET)
    await story.redis.delete(keys.seen(TEAM, SUPPORT, ts))
    assert not await story.inbox.receive(Posted(message=message))  # a retry
    edit = message.model_copy(update={"edited": "9999999999.0"})
    assert not await story.inbox.receive(Posted(message=edit))
    await story.people.edit(SUPPORT, late, "My bakery was closed, refund that invoice")
    for event in (message, edit):  # a dead letter that another process had in hand
        content = Posted(message=event).model_dump_json()
        await story.redis.xadd(keys.dead(TEAM), {"event": content, "reason": "test"})
    letters = DeadLetters(story.redis)
    for letter in [one async for one in letters.iterate(TEAM)]:
        assert await letters.retry(TEAM, letter)
    await story.inbox.call(TEAM)
    await story.bot.backfill.backfill.run(since=float(ts) - 60)
    await Examples(story.redis).put(TEAM, example.id, example)
    model = "m"
    said = ShadowAnswer(label="BILLING", given=True, champion="BILLING")
    await story.bot.services.stores.shadows.put(model, f"{SUPPORT}:{ts}", said, CLEO)
    assert await story.bot.services.stores.shadows.all(model) == {}
    await story.quiet()
    assert await keys_with(story.redis, "bakery") == []
    assert await story.cards(ts) == []
    after = await story.write("Refund the invoice of my florist")
    await story.shows(after, "moneybag", BILLING)


async def test_what_waits_in_the_queue_is_forgotten_too(story: Story) -> None:
    at = MessageId(team=TEAM, channel="C0NOWHERE", ts="1700000000.000100")
    waiting = Posted(message=Message(id=at, user=CLEO, text=SECRET))
    inbox = Inbox(story.redis)
    await story.bot.services.loops.stop("worker", "sweep")
    await inbox.receive(waiting)
    assert "waiting events: 1" in "".join(
        _lines(await story.bot.worker.dispatcher.context.forgetter.look(CLEO))  # type: ignore[union-attr]
    )
    assert story.bot.worker is not None
    forgetter = story.bot.worker.dispatcher.context.forgetter
    await forgetter.forgets.begin(CLEO, "test", 0)

    async def ended() -> bool:
        return not await forgetter.forgets.running()

    await eventually(ended, 20)
    assert await inbox.depth(TEAM) == 0
    assert await keys_with(story.redis, "bakery") == []


def _lines(found: Any) -> list[str]:
    from bot.admin.forget_report import found_lines  # noqa: PLC0415

    return found_lines(found)


async def test_a_deleted_message_is_forgotten_in_the_same_places(story: Story) -> None:
    ts, example = await taught(story)
    snapshots = Snapshots(story.redis)
    snapshot = freeze([example], LABELS, "1")
    await snapshots.add(TEAM, snapshot)
    other = await story.people.post(OTHER, SUPPORT, ALIKE)
    await story.shows(other, "moneybag", BILLING)
    assert "my bakery" in str(await story.cards(other))
    dead = Posted(
        message=Message(id=MessageId(team=TEAM, channel=SUPPORT, ts=ts), user=CLEO, text=SECRET)
    )
    await story.redis.xadd(keys.dead(TEAM), {"event": dead.model_dump_json(), "reason": "test"})
    await story.people.delete(SUPPORT, ts)

    async def gone() -> bool:
        unquoted = "bakery" not in str(await story.cards(other))
        return unquoted and await keys_with(story.redis, "bakery") == []

    await eventually(gone, 20)
    left = await snapshots.get(TEAM, snapshot.id)
    assert left is not None
    assert len(left.forgotten) == 1


async def test_somebody_must_be_named(story: Story) -> None:
    assert "Write `/triage forget @user`" in await story.command("forget @cleo")
    assert "Write `/triage forget @user`" in await story.command("forget")


def test_a_forgotten_place_says_nothing() -> None:
    at = MessageId(team=TEAM, channel=SUPPORT, ts="1.0")
    record = Record(message=Message(id=at, user=CLEO, text=SECRET))
    left = Record.placeholder(at, record.shown)
    assert CLEO not in left.model_dump_json()
