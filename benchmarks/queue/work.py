"""The job of all queues: record its start, take 5 ms, record its end."""

import asyncio
import os
import time
from typing import Any

URL = os.environ.get("QUEUE_URL", "")
AT_ONCE = 64
TAKE_OVER_S = 6.0
"""Lease of a job in seconds, for the queues that have such a setting."""


async def job(redis: Any, number: int) -> None:
    """Record start and end in two lists of Redis: number, time, process."""
    await redis.rpush("began", f"{number} {time.time()} {os.getpid()}")
    await asyncio.sleep(0.005)
    await redis.rpush("done", f"{number} {time.time()} {os.getpid()}")
