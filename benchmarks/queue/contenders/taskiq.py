"""taskiq with its Redis stream broker."""

from time import perf_counter

from redis.asyncio import Redis
from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

from benchmarks.queue.work import AT_ONCE, TAKE_OVER_S, URL
from benchmarks.queue.work import job as do

broker = RedisStreamBroker(
    URL,
    idle_timeout=int(TAKE_OVER_S * 1000),
    xread_count=AT_ONCE,
    unacknowledged_batch_size=AT_ONCE,
    unacknowledged_lock_timeout=TAKE_OVER_S,  # default: a killed worker holds it forever
)
_REDIS: list[Redis] = []


@broker.task
async def job(number: int) -> None:
    """Run the job."""
    await do(_REDIS[0], number)


async def produce(numbers: range) -> list[float]:
    """Enqueue jobs one by one; return the seconds of each call."""
    took = []
    await broker.startup()
    for number in numbers:
        started = perf_counter()
        await job.kiq(number)
        took.append(perf_counter() - started)
    await broker.shutdown()
    return took


async def work() -> None:
    """Work until killed."""
    _REDIS.append(Redis.from_url(URL))
    await broker.startup()
    await run_receiver_task(broker, max_async_tasks=AT_ONCE)
