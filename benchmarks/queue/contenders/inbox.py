"""The bot's inbox and worker, unchanged."""

from pathlib import Path

from benchmarks.queue.work import URL, job
from bot.message.worker import Worker
from storage.inbox.events import Event, Posted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.server.connection import connect
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces

TEAM = "T1"


class Jobs:
    """A handler that runs a job for each message."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def handle(self, event: Event) -> None:
        """Run the job."""
        await job(self._redis, int(event.item.ts))


async def produce(numbers: range) -> list[float]:
    """Enqueue jobs one by one; return the seconds of each call."""
    from time import perf_counter

    took = []
    async with connect(URL, Path("/nonexistent")) as redis:
        inbox = Inbox(redis)
        await Workspaces(redis).add(TEAM)
        for number in numbers:
            at = MessageId(team=TEAM, channel=f"C{number % 4}", ts=str(number))
            started = perf_counter()
            await inbox.receive(Posted(message=Message(id=at, user="U", text="t")))
            took.append(perf_counter() - started)
    return took


async def work() -> None:
    """Work until killed."""
    async with connect(URL, Path("/nonexistent")) as redis:
        await Worker(Inbox(redis), {TEAM: Jobs(redis)}).run()
