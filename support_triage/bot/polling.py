"""Looking again and again, through times when the storage is away."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from support_triage.storage.connection import StorageUnavailableError

log = structlog.get_logger()


async def poll(look: Callable[[], Awaitable[None]], every_s: float, waits: str) -> None:
    """Look again every so many seconds, until cancelled; `waits` is logged when storage is away."""
    while True:
        try:
            await look()
        except StorageUnavailableError as error:
            log.warning(waits, error=type(error).__name__)
        await asyncio.sleep(every_s)
