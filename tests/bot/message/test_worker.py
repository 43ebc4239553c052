"""What a worker does with an event that fails: a bug counts a try, an outage does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from bot.app.loops import Loops
from bot.message import worker
from bot.message.worker import EventHandler, Worker
from bot.observe.metrics import Metrics
from bot.slack.errors import refusal
from storage import keys
from storage.errors import StorageDeniedError, StorageUnavailableError
from storage.inbox.dead_letters import DeadLetters
from storage.inbox.events import Event, Posted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.records import HeldError, LostHoldError
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.sandbox.running import eventually

EVENT = Posted(message=Message(id=MessageId(team="T1", channel="C1", ts="1.0"), user="U", text="t"))


@asynccontextmanager
async def working(redis: Client, answers: EventHandler) -> AsyncIterator[Inbox]:
    inbox = Inbox(redis)
    await Workspaces(redis).add("T1")
    await inbox.receive(EVENT)
    loops = Loops(Metrics())
    at_work = Worker(inbox, {"T1": answers})
    at_work.start(loops)
    try:
        yield inbox
    finally:
        await at_work.drain(loops, 1.0)


class Fails:
    """Fails with each of these errors once, and then no more."""

    def __init__(self, *errors: Exception) -> None:
        self.left = list(errors)

    async def handle(self, _: Event) -> None:
        if self.left:
            raise self.left.pop(0)


class Hangs:
    """Does not end the first time."""

    def __init__(self) -> None:
        self.tries = 0
        self.begun = asyncio.Event()

    async def handle(self, _: Event) -> None:
        self.tries += 1
        if self.tries == 1:
            self.begun.set()
            await asyncio.Event().wait()


class ReadsAWrongType:
    """Has a bug in its use of the storage."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def handle(self, event: Event) -> None:
        await self._redis.set(keys.tally(event.item.team), "")
        await self._redis.hgetall(keys.tally(event.item.team))


async def test_a_wrong_type_counts_as_failed_tries_and_leaves_a_traceback(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_STRIKES_MAX", 2)
    with capture_logs() as logs:
        async with working(redis, ReadsAWrongType(redis)) as inbox:

            async def dead() -> bool:
                return await inbox.dead("T1") == 1

            await eventually(dead)
    failed = [one for one in logs if one["event"] == "event.failed"]
    assert [one["strikes"] for one in failed] == [0, 1]
    assert all("WRONGTYPE" in str(one["exc_info"]) for one in failed)
    [letter] = [one async for one in DeadLetters(redis).iterate("T1")]
    assert letter.reason == "ResponseError each time"


async def test_outages_and_held_messages_count_no_failed_try(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_STRIKES_MAX", 1)
    passing = Fails(
        StorageUnavailableError("away"), StorageDeniedError("no"), HeldError(), LostHoldError()
    )
    async with working(redis, passing) as inbox:

        async def done() -> bool:
            return await inbox.depth("T1") == 0

        await eventually(done)
        assert await inbox.dead("T1") == 0
    assert not passing.left


async def test_what_slack_refuses_is_buried_after_its_hour_with_what_to_do(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_REFUSED_MAX_S", 0.2)
    refused = Fails(*[refusal("usergroups.list", "missing_scope")] * 9)
    async with working(redis, refused) as inbox:

        async def dead() -> bool:
            return await inbox.dead("T1") == 1

        await eventually(dead)
    [letter] = [one async for one in DeadLetters(redis).iterate("T1")]
    assert "missing_scope: install the app again" in letter.reason


async def emptied(inbox: Inbox) -> bool:
    return await inbox.depth("T1") == 0


async def test_what_has_no_end_after_an_hour_gives_its_place_back_and_is_tried_again(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, loop = Hangs(), asyncio.get_running_loop()
    now = loop.time
    with capture_logs() as logs:
        async with working(redis, hangs) as inbox:
            await hangs.begun.wait()
            monkeypatch.setattr(loop, "time", lambda: now() + worker._HANGS_S - 60)  # noqa: SLF001
            await asyncio.sleep(0)
            assert (hangs.tries, await inbox.depth("T1")) == (1, 1)
            monkeypatch.setattr(loop, "time", lambda: now() + worker._HANGS_S)  # noqa: SLF001
            await eventually(lambda: emptied(inbox))
    assert hangs.tries == 2
    [failed] = [one for one in logs if one["event"] == "event.failed"]
    assert str(failed["exc_info"]) == "no end after 3600 s"
