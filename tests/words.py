"""Searches for words in every key and value in Redis, and in every file of a folder."""

from pathlib import Path
from typing import Any

from tests.valkeys import Valkey

_READ: dict[str, tuple[Any, ...]] = {
    "string": ("GET",),
    "hash": ("HGETALL",),
    "list": ("LRANGE", 0, -1),
    "set": ("SMEMBERS",),
    "zset": ("ZRANGE", 0, -1),
    "stream": ("XRANGE", "-", "+"),
}


async def keys_with(redis: Valkey, *words: str) -> list[str]:
    """Return the keys whose name or value contains one of these words, sorted."""
    found = []
    async for key in redis.scan_iter():
        kind = await redis.type(key)
        if kind == "none":  # a lock may have expired since the scan
            continue
        command, *more = _READ[kind]
        content = f"{key} {await redis.execute_command(command, key, *more)}"
        if any(word in content for word in words):
            found.append(str(key))
    return sorted(set(found))


def files_with(folder: Path, *words: str) -> list[str]:
    """Return the files in a folder, at any depth, that contain one of these words, sorted."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    )
