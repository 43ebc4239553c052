"""A failed event: a bug counts as a strike, an outage does not."""

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
async def working(redis: Client, handler: EventHandler) -> AsyncIterator[Inbox]:
    inbox = Inbox(redis)
    await Workspaces(redis).add("T1")
    await inbox.receive(EVENT)
    loops = Loops(Metrics())
    running = Worker(inbox, {"T1": handler})
    running.start(loops)
    try:
        yield inbox
    finally:
        await running.drain(loops, 1.0)


class Fails:
    """A handler that raises each of these errors once."""

    def __init__(self, *errors: Exception) -> None:
        self.left = list(errors)

    async def handle(self, _: Event) -> None:
        if self.left:
            raise self.left.pop(0)


class Hangs:
    """A handler that hangs on the first try."""

    def __init__(self) -> None:
        self.tries = 0
        self.started = asyncio.Event()

    async def handle(self, _: Event) -> None:
        self.tries += 1
        if self.tries == 1:
            self.started.set()
            await asyncio.Event().wait()


class ReadsAWrongType:
    """A handler with a bug in its use of the storage."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def handle(self, event: Event) -> None:
        await self._redis.set(keys.tally(event.item.team), "")
        await self._redis.hgetall(keys.tally(event.item.team))


async def test_a_wrong_type_counts_as_a_strike_and_logs_a_traceback(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_STRIKES_MAX", 2)
    with capture_logs() as logs:
        async with working(redis, ReadsAWrongType(redis)) as inbox:

            async def dead() -> bool:
                return await inbox.dead("T1") == 1

            await eventually(dead)
    failed = [line for line in logs if line["event"] == "event.failed"]
    assert [line["strikes"] for line in failed] == [0, 1]
    assert all("WRONGTYPE" in str(line["exc_info"]) for line in failed)
    [letter] = [letter async for letter in DeadLetters(redis).iterate("T1")]
    assert letter.reason == "ResponseError each time"


async def test_outages_and_held_messages_count_no_strike(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_STRIKES_MAX", 1)
    temporary = Fails(
        StorageUnavailableError("away"), StorageDeniedError("no"), HeldError(), LostHoldError()
    )
    async with working(redis, temporary) as inbox:

        async def done() -> bool:
            return await inbox.depth("T1") == 0

        await eventually(done)
        assert await inbox.dead("T1") == 0
    assert not temporary.left


async def test_a_refused_event_becomes_a_dead_letter_with_instructions(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_REFUSED_MAX_S", 0.2)
    refused = Fails(*[refusal("usergroups.list", "missing_scope")] * 9)
    async with working(redis, refused) as inbox:

        async def dead() -> bool:
            return await inbox.dead("T1") == 1

        await eventually(dead)
    [letter] = [letter async for letter in DeadLetters(redis).iterate("T1")]
    assert "missing_scope: reinstall the app" in letter.reason


async def emptied(inbox: Inbox) -> bool:
    return await inbox.depth("T1") == 0


async def test_a_hung_event_frees_its_slot_and_is_retried(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, loop = Hangs(), asyncio.get_running_loop()
    now = loop.time
    with capture_logs() as logs:
        async with working(redis, hangs) as inbox:
            await hangs.started.wait()
            monkeypatch.setattr(loop, "time", lambda: now() + worker._HANGS_S - 60)  # noqa: SLF001
            await asyncio.sleep(0)
            assert (hangs.tries, await inbox.depth("T1")) == (1, 1)
            monkeypatch.setattr(loop, "time", lambda: now() + worker._HANGS_S)  # noqa: SLF001
            await eventually(lambda: emptied(inbox))
    assert hangs.tries == 2
    [failed] = [line for line in logs if line["event"] == "event.failed"]
    assert str(failed["exc_info"]) == "not finished after 3600 s"
