"""Memory freed between blocks in use returns to the operating system."""

import ctypes
import os
import sys

import pytest

from bot.app.free_memory import release
from tests.faults.use import use_of

_BLOCK = 64_000
_BLOCKS = 1_000


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone keeps it, and /proc tells of it")
async def test_free_memory_is_released() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    blocks = [libc.malloc(_BLOCK) for _ in range(_BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, _BLOCK)
    for block in blocks[:-1]:  # the last stays in use, so the heap cannot shrink from its end
        libc.free(block)
    held = use_of(os.getpid()).rss_mb
    await release()
    assert use_of(os.getpid()).rss_mb < held - 50
    libc.free(blocks[-1])
