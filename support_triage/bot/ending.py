"""Ending a task for certain: redis-py may swallow a cancellation that meets a command's end."""

import asyncio
from typing import Any

_AGAIN_S = 0.2


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task, again if need be, until it ended; its result or error is dropped."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_AGAIN_S)
    if not task.cancelled():
        task.exception()
