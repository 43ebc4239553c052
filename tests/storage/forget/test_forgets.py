"""Forget requests begin and end once, and every script refuses the person's older messages."""

import asyncio

import pytest

from learning.dataset.snapshot import freeze, take_snapshot
from storage import keys
from storage.examples.examples import Examples, StoredExample
from storage.examples.label_moves import LabelMoves
from storage.examples.snapshots import SnapshotError, Snapshots
from storage.forget.forgets import Forgets
from storage.forget.forgetting import Forgetting
from storage.inbox.events import Posted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.records import ForgottenError, Record, Records
from storage.server.protocol import Client
from tests.learning.export.exports import LABELS
from tests.words import keys_with

TEAM, USER = "T", "U1"


def example(number: int, author: str = USER) -> StoredExample:
    return StoredExample(
        id=f"C:{number}.0",
        text=f"the {author} bakery case {number}",
        label="BILLING",
        source="correction",
        label_set="s",
        when=f"{number}.0",
        author=author,
    )


async def test_a_wish_begins_once_a_trigger_and_ends_once(redis: Client) -> None:
    forgets = Forgets(redis, TEAM)
    assert await forgets.begin(USER, "U0ADA", 3, "trigger.1")
    assert not await forgets.begin(USER, "U0ADA", 3, "trigger.1")
    asked = (await forgets.running())[USER]
    assert await forgets.begin(USER, "U0ADA", 3, "trigger.2")  # repeated while the first runs
    assert not await forgets.end(USER, asked)
    asked = (await forgets.running())[USER]
    ended = await asyncio.gather(*(forgets.end(USER, asked) for _ in range(5)))
    assert sum(ended) == 1
    told = await asyncio.gather(*(forgets.claim_report(USER) for _ in range(5)))
    assert sum(told) == 1
    await forgets.close(USER)
    assert await forgets.running() == {}
    [one] = await forgets.all()
    assert (one.user, one.who, one.told, one.finished is not None) == (USER, "U0ADA", True, True)
    audited = [fields["what"] for _, fields in await redis.xrange(keys.audit(TEAM))]
    assert audited == ["forgotten"]
    assert await forgets.begin(USER, "U0ADA", 0, "trigger.3")  # repeated after the first has ended
    await forgets.close(USER)
    assert USER in await forgets.running()


async def test_what_was_sent_before_is_refused_in_the_step_that_writes(redis: Client) -> None:
    at = MessageId(team=TEAM, channel="C", ts="1.0")
    old = Message(id=at, user=USER, text="bakery")
    records, inbox, examples = Records(redis), Inbox(redis), Examples(redis)
    async with records.held(at) as hold:
        await hold.put(Record(message=old))
        await Forgets(redis, TEAM).begin(USER, "test", 0)
        with pytest.raises(ForgottenError):
            await hold.put(Record(message=old.model_copy(update={"text": "the bakery"})))
        await hold.put(Record(message=old).without_text())  # an empty record may be stored
    assert not await inbox.receive(Posted(message=old))
    assert not await inbox.receive(Posted(message=old.model_copy(update={"edited": "2.0"})))
    await examples.put(TEAM, "C:1.0", example(1))
    assert await examples.counts(TEAM) == {}
    new = MessageId(team=TEAM, channel="C", ts="99999999999.0")
    assert await inbox.receive(Posted(message=old.model_copy(update={"id": new, "text": "hi"})))
    other = Message(id=at, user="U2", text="mine")
    assert await inbox.receive(Posted(message=other))
    assert await keys_with(redis, "bakery") == []


async def test_two_forgets_at_once_leave_no_words_in_a_snapshot(redis: Client) -> None:
    both = [example(n, f"U{n % 2 + 1}") for n in range(60)]
    snapshots = Snapshots(redis)
    snapshot = freeze(both, LABELS, "1")
    await snapshots.add(TEAM, snapshot)
    groups = [[one.id for one in both if one.author == f"U{n}"] for n in (1, 2)]
    pieces = [ids[start : start + 5] for ids in groups for start in range(0, len(ids), 5)]
    await asyncio.gather(*(snapshots.forget(TEAM, set(one), apply=True) for one in pieces))
    left = await snapshots.get(TEAM, snapshot.id)
    assert left is not None
    assert (left.train, left.test) == ((), ())
    assert await keys_with(redis, "bakery") == []


async def test_a_snapshot_of_what_was_read_before_a_forget_is_not_stored(redis: Client) -> None:
    examples, snapshots = Examples(redis), Snapshots(redis)
    await examples.put(TEAM, "C:1.0", example(1))
    taken = await take_snapshot(examples, TEAM, LABELS)
    await Forgetting(redis).drop_traces(TEAM, ["C:1.0"])
    with pytest.raises(SnapshotError):
        await snapshots.add(TEAM, taken)
    assert await snapshots.ids(TEAM) == []
    assert await keys_with(redis, "bakery") == []


async def test_rows_that_a_killed_process_left_of_a_snapshot_are_forgotten(redis: Client) -> None:
    examples, snapshots = Examples(redis), Snapshots(redis)
    await examples.put(TEAM, "C:1.0", example(1))
    taken = await take_snapshot(examples, TEAM, LABELS)
    await snapshots.add(TEAM, taken)
    await redis.hdel(
        keys.snapshot(TEAM, taken.id), "about"
    )  # as if its process was killed before this write
    await Forgetting(redis).drop_traces(TEAM, ["C:1.0"])
    assert await keys_with(redis, "bakery") == []


async def test_examples_that_are_set_aside_go_too(redis: Client) -> None:
    examples, moves = Examples(redis), LabelMoves(redis)
    await examples.put(TEAM, "C:1.0", example(1))
    await moves.move(TEAM, [(example(1), None)])
    found = await Forgetting(redis).found(TEAM, USER, 9.0)
    assert [one.id for one in found.examples] == ["C:1.0"]
    await Forgetting(redis).drop_traces(TEAM, found.ids)
    assert await moves.bring_back(TEAM, [example(1)]) == 0
    assert await keys_with(redis, "bakery") == []
