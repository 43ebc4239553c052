"""streaq, on coredis."""

from time import perf_counter

from redis.asyncio import Redis
from streaq import Worker

from benchmarks.queue.work import AT_ONCE, TAKE_OVER_S, URL
from benchmarks.queue.work import job as do

worker = Worker(
    redis_url=URL,
    concurrency=AT_ONCE,
    prefetch=1,  # beside those at work; 0 means the default, as many again
    idle_timeout=TAKE_OVER_S,
    handle_signals=False,
)
_REDIS: list[Redis] = []


@worker.task
async def job(number: int) -> None:
    """Do it."""
    await do(_REDIS[0], number)


async def produce(numbers: range) -> list[float]:
    """Enqueue one by one; the seconds each took."""
    took = []
    async with worker:
        for number in numbers:
            started = perf_counter()
            await job.enqueue(number)
            took.append(perf_counter() - started)
    return took


async def work() -> None:
    """Work until killed."""
    _REDIS.append(Redis.from_url(URL))
    await worker.run_async()
