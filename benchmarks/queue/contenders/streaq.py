"""streaq, which uses coredis."""

from time import perf_counter

from redis.asyncio import Redis
from streaq import Worker

from benchmarks.queue.work import AT_ONCE, TAKE_OVER_S, URL
from benchmarks.queue.work import job as do

worker = Worker(
    redis_url=URL,
    concurrency=AT_ONCE,
    prefetch=1,  # besides running jobs; 0 means the default, which is `concurrency`
    idle_timeout=TAKE_OVER_S,
    handle_signals=False,
)
_REDIS: list[Redis] = []


@worker.task
async def job(number: int) -> None:
    """Run the job."""
    await do(_REDIS[0], number)


async def produce(numbers: range) -> list[float]:
    """Enqueue jobs one by one; return the seconds of each call."""
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
