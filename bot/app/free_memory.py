"""Gives memory that the C library keeps free back to the system."""

import asyncio
import ctypes
import sys

EVERY_S = 10.0


async def release() -> None:
    """Release what glibc holds free in its arenas; do nothing with another C library."""
    await asyncio.to_thread(_trim)


def _trim() -> None:
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
