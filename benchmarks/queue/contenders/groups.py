"""Bare consumer groups: XREADGROUP, XACK, and XAUTOCLAIM of entries that were idle too long."""

import asyncio
import os
from contextlib import suppress
from time import perf_counter

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from benchmarks.queue.work import AT_ONCE, TAKE_OVER_S, URL, job

_STREAM, _GROUP = "jobs", "workers"


async def produce(numbers: range) -> list[float]:
    """Enqueue jobs one by one; return the seconds of each call."""
    took = []
    async with Redis.from_url(URL) as redis:
        for number in numbers:
            started = perf_counter()
            await redis.xadd(_STREAM, {"number": number})
            took.append(perf_counter() - started)
    return took


async def work() -> None:
    """Work until killed."""
    async with Redis.from_url(URL, decode_responses=True) as redis:
        with suppress(ResponseError):  # another process has created it
            await redis.xgroup_create(_STREAM, _GROUP, id="0", mkstream=True)
        running: set[asyncio.Task[None]] = set()

        async def run(entry: str, fields: dict[str, str]) -> None:
            await job(redis, int(fields["number"]))
            await redis.xack(_STREAM, _GROUP, entry)

        me = str(os.getpid())
        while True:
            free = AT_ONCE - len(running)
            if not free:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                continue
            _, entries, *_ = await redis.xautoclaim(
                _STREAM, _GROUP, me, int(TAKE_OVER_S * 1000), "0", count=free
            )
            if not entries:
                found = await redis.xreadgroup(_GROUP, me, {_STREAM: ">"}, count=free, block=200)
                entries = [entry for _, read in found for entry in read]
            for entry, fields in entries:
                task = asyncio.create_task(run(entry, fields))
                running.add(task)
                task.add_done_callback(running.discard)
