"""Renewal of leases."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger()


@asynccontextmanager
async def renewing(renew: Callable[[], Awaitable[None]], every_s: float) -> AsyncIterator[None]:
    """Call `renew` every `every_s` seconds during a block.

    A failed renewal is logged and retried: only the expiry of the lease ends it.
    """
    left = asyncio.Event()  # redis-py may swallow a cancellation, so the block sets a flag as well

    async def keep() -> None:
        while not left.is_set():
            await asyncio.sleep(every_s)
            try:
                await renew()
            except Exception as error:  # noqa: BLE001 - the next renewal may succeed after any error
                log.warning("lease.not_renewed", error=type(error).__name__)

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        left.set()
        task.cancel()
