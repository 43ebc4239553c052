"""The inbox: no second entry for a message, nothing gone before it is answered."""

from support_triage.storage import keys
from support_triage.storage.connection import Client
from support_triage.storage.inbox import Inbox, Posted, Reacted
from support_triage.storage.records import Message, MessageId

AT = MessageId(team="T1", channel="C1", ts="1.0")


def posted(ts: str = "1.0", edited: str = "") -> Posted:
    at = AT.model_copy(update={"ts": ts})
    return Posted(message=Message(id=at, user="U1", text="hi", edited=edited))


async def opened(redis: Client) -> Inbox:
    inbox = Inbox(redis)
    await inbox.open()
    await inbox.open()  # a second start finds the group
    return inbox


async def test_a_message_is_received_once_and_its_edits_each_time(redis: Client) -> None:
    inbox = await opened(redis)
    assert await inbox.receive(posted())
    assert not await inbox.receive(posted())
    assert await inbox.receive(posted(edited="2.0"))
    assert await inbox.receive(Reacted(item=AT, user="U", emoji="a", added=True, at="3.0"))
    assert await inbox.depth() == 3
    assert 0 < await redis.ttl(keys.seen("T1", "C1", "1.0")) <= keys.DEDUPE_S


async def test_an_entry_stays_until_it_is_answered(redis: Client) -> None:
    inbox = await opened(redis)
    await inbox.receive(posted())
    [entry] = await inbox.take("w1", 10, 10)
    assert entry.event == posted()
    assert await inbox.take("w2", 10, 10) == []
    assert await inbox.depth() == 1
    await inbox.answered(entry)
    assert await inbox.depth() == 0
    assert not await inbox.receive(posted())  # still known: Slack may send it for a day


async def test_an_entry_of_a_dead_worker_is_taken_over(redis: Client) -> None:
    inbox = await opened(redis)
    await inbox.receive(posted())
    [entry] = await inbox.take("w1", 10, 10)
    await redis.xclaim(keys.inbox(), "workers", "w1", 0, [entry.id], idle=60_000, justid=True)
    [again] = await inbox.take("w2", 10, 10)
    assert (again.id, again.deliveries) == (entry.id, 2)


async def test_what_is_given_up_is_kept_with_its_reason(redis: Client) -> None:
    inbox = await opened(redis)
    await inbox.receive(posted())
    [entry] = await inbox.take("w1", 10, 10)
    await inbox.bury(entry, "ValueError in every try")
    assert (await inbox.depth(), await inbox.dead()) == (0, 1)
    [(_, fields)] = await redis.xrange(keys.dead())
    assert fields["reason"] == "ValueError in every try"
