"""The inbox: no duplicates, no event lost before it is finished, no channel starves."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.exceptions import ResponseError

from bot.message import worker
from bot.message.worker import delay_s
from storage import keys
from storage.errors import StorageDeniedError, StorageUnavailableError
from storage.inbox.dead_letters import DeadLetters
from storage.inbox.events import Event, Posted, Reacted
from storage.inbox.inbox import Entry, Inbox, InboxFullError
from storage.messages import Message, MessageId
from storage.workspace.workspaces import Workspaces
from tests.sandbox.running import eventually
from tests.valkeys import Valkey, connect_admin

AT = MessageId(team="T1", channel="C1", ts="1.0")


def posted(ts: str = "1.0", edited: str = "", channel: str = "C1", team: str = "T1") -> Posted:
    at = MessageId(team=team, channel=channel, ts=ts)
    return Posted(message=Message(id=at, user="U1", text="hi", edited=edited))


async def take(inbox: Inbox, count: int = 10, cap: int = 10, **running: int) -> list[Entry]:
    return list((await inbox.take("T1", count, cap, running)).entries)


async def expire(redis: Valkey, entry: Entry) -> None:
    """Expire the lease of an entry."""
    await redis.zadd(keys.taken(entry.team), {entry.id: 1})


async def kept(redis: Valkey) -> list[str]:
    """Return the remains in Redis of removed entries."""
    left = {keys.seen("T1", "C1", "1.0"), keys.known("T1", "C1"), keys.calls(), keys.dead("T1")}
    left.add(keys.server("T1"))
    return sorted(set(await redis.keys("*")) - left)


async def test_a_message_is_received_once_and_its_edits_each_time(redis: Valkey) -> None:
    inbox = Inbox(redis)
    assert await inbox.receive(posted())
    assert not await inbox.receive(posted())
    assert await inbox.receive(posted(edited="2.0"))
    assert await inbox.receive(Reacted(item=AT, user="U", emoji="a", added=True, at="3.0"))
    assert await inbox.depth("T1") == 3
    assert 0 < await redis.ttl(keys.seen("T1", "C1", "1.0")) <= keys.DEDUPE_S
    assert await redis.zrange(keys.known("T1", "C1"), 0, -1) == ["1.0"]


async def test_an_entry_stays_until_it_is_answered_and_then_leaves_nothing(
    redis: Valkey,
) -> None:
    inbox = Inbox(redis)
    await inbox.receive(posted())
    [entry] = await take(inbox)
    assert (entry.event, entry.delivery, entry.strikes) == (posted(), 1, 0)
    assert await take(inbox) == []
    assert await inbox.depth("T1") == 1
    await inbox.finish(entry)
    assert await inbox.depth("T1") == 0
    assert await kept(redis) == []
    assert not await inbox.receive(posted())  # still known: Slack may send it again for a day


async def test_what_a_dead_worker_held_is_taken_over_one_by_one(redis: Valkey) -> None:
    inbox = Inbox(redis)
    for number in range(3):
        await inbox.receive(posted(f"{number}.0"))
    for entry in await take(inbox):
        await expire(redis, entry)
    await inbox.receive(posted("9.0"))
    taken = await inbox.take("T1", 10, 10)
    assert [one.event.item.ts for one in taken.entries] == ["9.0"]
    assert taken.suspects
    found = [one for _ in range(4) if (one := await inbox.take_suspect("T1"))]
    assert [(one.event.item.ts, one.delivery, one.strikes) for one in found] == [
        ("0.0", 2, 1),
        ("1.0", 2, 1),
        ("2.0", 2, 1),
    ]
    for one in [*taken.entries, *found]:
        await inbox.finish(one)
    assert await inbox.depth("T1") == 0
    assert await redis.exists(keys.suspects("T1"), keys.strikes("T1"), keys.taken("T1")) == 0


async def test_five_kills_of_a_worker_leave_no_dead_letter(redis: Valkey) -> None:
    inbox = Inbox(redis)
    for number in range(20):
        await inbox.receive(posted(f"{number}.0"))
    for _ in range(5):
        held = await take(inbox, 20, 20)
        if not held:
            held = list(filter(None, [await inbox.take_suspect("T1")]))
        for one in held:
            await expire(redis, one)
            await redis.zadd(
                keys.suspects("T1"), {one.id: 1}, xx=True
            )  # the worst case: the same entry again
    strikes = [int(one) for one in (await redis.hgetall(keys.strikes("T1"))).values()]
    assert max(strikes) < worker._STRIKES_MAX  # noqa: SLF001 - the limit for dead letters


async def test_what_was_alone_in_dead_hands_lets_the_others_pass(redis: Valkey) -> None:
    inbox = Inbox(redis)
    for ts in ("1.0", "2.0"):
        await inbox.receive(posted(ts))
    for entry in await take(inbox):
        await expire(redis, entry)
    first = await inbox.take_suspect("T1")
    assert first is not None
    await expire(redis, first)
    second = await inbox.take_suspect("T1")
    assert second is not None
    assert (second.event.item.ts, second.strikes) == ("2.0", 1)
    assert await inbox.take_suspect("T1") is None  # the first suspect still waits
    await redis.zadd(keys.suspects("T1"), {first.id: 1})
    again = await inbox.take_suspect("T1")
    assert again is not None
    assert (again.id, again.strikes) == (first.id, 2)


async def test_a_server_whose_user_may_not_ask_info_hands_out_all_the_same(
    redis: Valkey, valkey_url: str
) -> None:
    rights = {"categories": ["+@all", "-@admin"], "commands": ["-info"], "keys": ["*"]}
    await redis.acl_setuser("modest", enabled=True, nopass=True, channels=["*"], **rights)
    try:
        async with connect_admin(valkey_url, Path("/nonexistent")) as modest:
            await modest.execute_command("AUTH", "modest", "any")
            inbox = Inbox(modest)
            with pytest.raises(StorageDeniedError):
                await modest.info("replication")
            await inbox.receive(posted())
            [entry] = await take(inbox)
            assert entry.event == posted()
            assert await inbox.server_since("T1") == 0
            await expire(redis, entry)
            assert await inbox.take_suspect("T1") is not None
    finally:
        await redis.acl_deluser("modest")


SPOILT = [keys.handed, keys.strikes, keys.taken, keys.suspects, keys.later, keys.server, keys.turns]


@pytest.mark.parametrize("key", SPOILT, ids=lambda key: key.__name__)
async def test_a_script_that_cannot_end_writes_nothing(
    redis: Valkey, key: Callable[[str], str]
) -> None:
    inbox = Inbox(redis)
    for number in range(3):
        await inbox.receive(posted(f"{number}.0"))
    [entry, other] = await take(inbox, 2)
    await inbox.postpone(other, 0)
    kind = await redis.type(key("T1"))
    if kind != "none":
        await redis.rename(key("T1"), "kept")
    await redis.set(key("T1"), "spoilt")
    before = {name: await redis.dump(name) for name in await redis.keys("triage:{T1}*")}

    async def tried() -> list[str]:
        failed = []
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "take": lambda: inbox.take("T1", 10, 10),
            "suspect": lambda: inbox.take_suspect("T1"),
            "renew": lambda: inbox.renew([entry]),
            "postpone": lambda: inbox.postpone(entry, 60, 1),
            "give up": lambda: inbox.give_up(entry, "why"),
        }
        for name, step in steps.items():
            state = {one: await redis.dump(one) for one in await redis.keys("triage:{T1}*")}
            try:
                await step()
            except ResponseError:
                failed.append(name)
                after = {one: await redis.dump(one) for one in await redis.keys("triage:{T1}*")}
                assert after == state, name
        return failed

    assert before
    assert await tried()


@pytest.mark.parametrize("skew_s", [-12.0, 12.0])
async def test_a_clock_that_is_wrong_delays_nothing(
    redis: Valkey, monkeypatch: pytest.MonkeyPatch, skew_s: float
) -> None:
    inbox, right = Inbox(redis), time.time
    monkeypatch.setattr(time, "time", lambda: right() + skew_s)
    await Workspaces(redis).add("T1")
    await inbox.receive(posted())
    assert 0 <= await inbox.oldest_s("T1") < 2
    await inbox.wait_for_call(0.1)
    [entry] = await take(inbox)
    assert 0 <= entry.age_s < 2
    assert delay_s(entry, ValueError(), 0.0) < 2
    await inbox.postpone(entry, 0.05)

    async def due() -> bool:
        await inbox.sweep()
        return await inbox.wait_for_call(0.01) == "T1"

    await eventually(due, 5)
    assert len(await take(inbox)) == 1


async def test_a_slow_worker_keeps_what_it_renews_and_no_other_can_renew_it(
    redis: Valkey,
) -> None:
    inbox = Inbox(redis)
    await inbox.receive(posted())
    [entry] = await take(inbox)
    await redis.zadd(keys.taken("T1"), {entry.id: await redis.zscore(keys.taken("T1"), entry.id)})
    before = await redis.zscore(keys.taken("T1"), entry.id)
    await redis.zadd(keys.taken("T1"), {entry.id: before - 3000})
    await inbox.renew([entry])
    assert await redis.zscore(keys.taken("T1"), entry.id) >= before
    await expire(redis, entry)
    other = await inbox.take_suspect("T1")
    assert other is not None
    till = await redis.zscore(keys.taken("T1"), entry.id)
    await inbox.renew([entry])  # no-op: the lease is lost
    await inbox.postpone(entry, 100)
    assert await redis.zscore(keys.taken("T1"), entry.id) == till
    assert other.delivery == 2


async def test_a_postponed_entry_comes_again_when_it_is_due(redis: Valkey) -> None:
    inbox = Inbox(redis)
    await inbox.receive(posted())
    [entry] = await take(inbox)
    await inbox.postpone(entry, 60)
    assert await take(inbox) == []
    await redis.zadd(keys.later("T1"), {entry.id: 1})
    [again] = await take(inbox)
    assert (again.delivery, again.strikes) == (2, 0)
    await inbox.postpone(again, 0, strikes=1)
    assert await take(inbox) == []
    alone = await inbox.take_suspect("T1")
    assert alone is not None
    assert (alone.delivery, alone.strikes) == (3, 1)


async def test_a_flood_in_one_channel_does_not_hold_up_the_others(redis: Valkey) -> None:
    inbox = Inbox(redis)
    for number in range(500):
        await inbox.receive(posted(f"{number}.0"))
    await inbox.receive(posted("900.0", channel="C2"))
    taken = await take(inbox, count=4)
    assert [one.channel for one in taken] == ["C1", "C2", "C1", "C1"]
    assert [one.event.item.ts for one in taken if one.channel == "C1"] == ["0.0", "1.0", "2.0"]


async def test_a_channel_gets_no_more_than_its_share_of_places(redis: Valkey) -> None:
    inbox = Inbox(redis)
    for number in range(20):
        await inbox.receive(posted(f"{number}.0"))
    await inbox.wait_for_call(0.1)
    taken = await inbox.take("T1", 10, 5, {"C1": 2})
    assert (len(taken.entries), taken.more) == (3, True)
    assert (
        await inbox.wait_for_call(0.01) is None
    )  # no other worker may take more of this channel either
    await inbox.receive(posted("900.0", channel="C2"))
    assert await inbox.wait_for_call(0.1) == "T1"
    assert [one.channel for one in await take(inbox, 10, 5, C1=5)] == ["C2"]


async def test_workspaces_take_turns(redis: Valkey) -> None:
    inbox = Inbox(redis)
    for number in range(20):
        await inbox.receive(posted(f"{number}.0"))
    await inbox.receive(posted(team="T2"))
    assert await inbox.wait_for_call(0.1) == "T1"
    assert (await inbox.take("T1", 5, 10)).more
    assert await inbox.wait_for_call(0.1) == "T2"
    assert await inbox.wait_for_call(0.1) == "T1"


async def test_a_lost_call_is_made_again_by_the_sweep(redis: Valkey) -> None:
    inbox = Inbox(redis)
    await Workspaces(redis).add("T1")
    await inbox.sweep()
    assert await inbox.wait_for_call(0.01) is None
    await inbox.receive(posted())
    assert await inbox.wait_for_call(0.1) == "T1"  # and its worker dies here
    await inbox.sweep()
    assert await inbox.wait_for_call(0.1) == "T1"
    [entry] = await take(inbox)
    await inbox.sweep()
    assert await inbox.wait_for_call(0.01) is None
    await expire(redis, entry)
    await inbox.sweep()
    assert await inbox.wait_for_call(0.1) == "T1"


async def test_a_full_inbox_takes_nothing_more_and_forgets_nothing(redis: Valkey) -> None:
    inbox = Inbox(redis, limit=2)
    await inbox.receive(posted("1.0"))
    await inbox.receive(posted("2.0"))
    with pytest.raises(InboxFullError):
        await inbox.receive(posted("3.0"))
    assert not await inbox.receive(posted("2.0"))  # a stored event may be acknowledged again
    [entry, _] = await take(inbox)
    await inbox.finish(entry)
    assert await inbox.receive(posted("3.0"))


async def test_an_inbox_is_full_by_its_bytes_too(redis: Valkey) -> None:
    inbox = Inbox(redis, limit_mb=1)
    long = posted().message.model_copy(update={"text": "\u7d19" * 4_000})  # 12 kB

    async def fill(count: int) -> None:
        for number in range(count):
            at = MessageId(team="T1", channel="C1", ts=f"{number + 1}.0")
            await inbox.receive(Posted(message=long.model_copy(update={"id": at})))

    with pytest.raises(InboxFullError, match="1 MB"):
        await fill(200)
    received = await inbox.depth("T1")
    assert 70 <= received <= 95
    [entry] = await take(inbox, 1)
    await inbox.finish(entry)
    assert await inbox.receive(posted("900.0"))


async def test_full_memory_lets_workers_go_on(redis: Valkey) -> None:
    inbox = Inbox(redis)
    await inbox.receive(posted("1.0"))
    await inbox.receive(posted("2.0"))
    await redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(StorageUnavailableError):
            await inbox.receive(posted("3.0"))
        one, two = await take(inbox)
        await inbox.renew([one, two])
        await inbox.postpone(one, 0)
        await inbox.finish(two)
        [one] = await take(inbox)
        await inbox.finish(one)
    finally:
        await redis.config_set("maxmemory", 0)
    assert await inbox.depth("T1") == 0


async def test_what_is_given_up_is_kept_with_its_reason_and_can_be_tried_again(
    redis: Valkey,
) -> None:
    inbox, letters = Inbox(redis), DeadLetters(redis)
    await inbox.receive(posted())
    [entry] = await take(inbox)
    await inbox.give_up(entry, "ValueError each time")
    assert (await inbox.depth("T1"), await inbox.dead("T1")) == (0, 1)
    assert await kept(redis) == []
    [letter] = [one async for one in letters.iterate("T1")]
    assert (letter.event, letter.reason) == (posted(), "ValueError each time")
    assert await letters.retry("T1", letter)
    assert not await letters.retry("T1", letter)
    assert await inbox.dead("T1") == 0
    [entry] = await take(inbox)
    assert (entry.event, entry.strikes) == (posted(), 0)


async def test_what_cannot_be_read_goes_to_the_dead_letters(redis: Valkey) -> None:
    inbox, letters = Inbox(redis), DeadLetters(redis)
    await inbox.receive(posted("1.0"))
    [bad] = await redis.hkeys(keys.inbox("T1"))
    await redis.hset(keys.inbox("T1"), bad, '{"kind": "unheard of"}')
    await inbox.receive(posted("2.0"))
    assert [one.event for one in await take(inbox)] == [posted("2.0")]
    [letter] = [one async for one in letters.iterate("T1")]
    assert letter.event is None
    assert not await letters.retry("T1", letter)
    assert await letters.drop("T1", letter)
    assert await inbox.dead("T1") == 0


async def each_in_one_place(redis: Valkey) -> None:
    waiting = {
        channel: await redis.lrange(keys.waiting("T1", channel), 0, -1) for channel in ("C1", "C2")
    }
    places = [*waiting["C1"], *waiting["C2"]]
    for key in (keys.taken("T1"), keys.later("T1"), keys.suspects("T1")):
        places += await redis.zrange(key, 0, -1)
    assert sorted(places) == sorted(await redis.hkeys(keys.inbox("T1")))
    turns = await redis.lrange(keys.turns("T1"), 0, -1)
    assert sorted(turns) == [channel for channel, ids in waiting.items() if ids]


STEPS = st.lists(
    st.sampled_from(
        ["receive", "take", "suspect", "answer", "postpone", "fail", "die", "due", "bury"]
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS, st.randoms(use_true_random=False))
async def test_every_entry_is_in_one_place_and_ends_once(  # noqa: C901, PLR0912 - one branch per step
    redis: Valkey, steps: list[str], random: Random
) -> None:
    await redis.flushall()
    inbox = Inbox(redis)
    sent = 0
    held: dict[str, Entry] = {}
    done: list[str] = []
    for step in steps:
        if step == "receive":
            event: Event = posted(f"{sent}.0", channel=random.choice(["C1", "C2"]))
            assert await inbox.receive(event)
            sent += 1
        elif step == "take":
            for one in await take(inbox, count=3):
                assert one.id not in held
                held[one.id] = one
        elif step == "due":
            for key in (keys.later("T1"), keys.suspects("T1")):
                for name in await redis.zrange(key, 0, -1):
                    await redis.zadd(key, {name: 1})
        elif step == "suspect":
            for one in filter(None, [await inbox.take_suspect("T1")]):
                assert one.id not in held
                held[one.id] = one
        elif held:
            entry = held.pop(random.choice(sorted(held)))
            if step == "answer":
                await inbox.finish(entry)
                done.append(entry.event.item.ts)
            elif step == "bury":
                await inbox.give_up(entry, "why")
            elif step == "postpone":
                await inbox.postpone(entry, 60)
            elif step == "fail":
                await inbox.postpone(entry, 60, strikes=1)
            else:
                await expire(redis, entry)
        await each_in_one_place(redis)
    assert len(done) == len(set(done))
    assert await inbox.depth("T1") + len(done) + await inbox.dead("T1") == sent
