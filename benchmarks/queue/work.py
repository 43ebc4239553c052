"""What a job does, the same for each queue: note that it began, take 5 ms, note that it is done."""

import asyncio
import os
import time
from typing import Any

URL = os.environ.get("QUEUE_URL", "")
AT_ONCE = 64
TAKE_OVER_S = 6.0
"""How long a silent worker keeps a job, where a queue lets that be chosen."""


async def job(redis: Any, number: int) -> None:
    """Note beginning and end in two lists of Redis: number, time, process."""
    await redis.rpush("began", f"{number} {time.time()} {os.getpid()}")
    await asyncio.sleep(0.005)
    await redis.rpush("done", f"{number} {time.time()} {os.getpid()}")
