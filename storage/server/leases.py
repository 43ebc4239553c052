"""Leases that are renewed for the length of a block."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger()


@asynccontextmanager
async def renewed(renew: Callable[[], Awaitable[None]], every_s: float) -> AsyncIterator[None]:
    """Call `renew` every so many seconds for the length of a block.

    A renewal that fails is logged and tried again: it is the lease that decides, when it runs out.
    """
    left = asyncio.Event()  # redis-py may swallow a cancellation, so the block says when it ends

    async def keep() -> None:
        while not left.is_set():
            await asyncio.sleep(every_s)
            try:
                await renew()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next renewal may succeed
                log.warning("lease.not_renewed", error=type(error).__name__)

    renewing = asyncio.create_task(keep())
    try:
        yield
    finally:
        left.set()
        renewing.cancel()
