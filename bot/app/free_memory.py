"""Return free memory from the C library to the operating system."""

import asyncio
import ctypes
import sys

EVERY_S = 10.0


async def release() -> None:
    """Release free memory in glibc's arenas; do nothing with another C library."""
    await asyncio.to_thread(_trim)


def _trim() -> None:
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
