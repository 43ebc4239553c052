"""pydocket."""

from datetime import timedelta
from time import perf_counter

from docket import Docket, Worker
from redis.asyncio import Redis

from benchmarks.queue.work import AT_ONCE, TAKE_OVER_S, URL
from benchmarks.queue.work import job as do

_NAME = "jobs"


async def job(number: int) -> None:
    """Run the job."""
    await do(Redis.from_url(URL) if not _REDIS else _REDIS[0], number)


_REDIS: list[Redis] = []


async def produce(numbers: range) -> list[float]:
    """Enqueue jobs one by one; return the seconds of each call."""
    took = []
    async with Docket(name=_NAME, url=URL) as docket:
        docket.register(job)
        for number in numbers:
            started = perf_counter()
            await docket.add(job, key=str(number))(number)
            took.append(perf_counter() - started)
    return took


async def work() -> None:
    """Work until killed."""
    _REDIS.append(Redis.from_url(URL))
    async with Docket(name=_NAME, url=URL) as docket:
        docket.register(job)
        async with Worker(
            docket, concurrency=AT_ONCE, redelivery_timeout=timedelta(seconds=TAKE_OVER_S)
        ) as worker:
            await worker.run_forever()
