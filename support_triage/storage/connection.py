"""One connection to Redis or Valkey: the server of REDIS_URL, or the embedded one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from support_triage.storage.embedded import EmbeddedValkey

Client = Any
"""A `redis.asyncio.Redis`: its annotations answer `bytes | str` whatever was asked for."""

StorageUnavailableError = RedisError
"""Redis did not answer or refused: retry later, and do not acknowledge what was not stored."""


@asynccontextmanager
async def connect(url: str | None, data_dir: Path) -> AsyncIterator[Client]:
    """Yield a client that answers `str`; `url` None means the embedded server in `data_dir`."""
    async with AsyncExitStack() as stack:
        if url is None:
            url = stack.enter_context(EmbeddedValkey(data_dir)).url
        client: Client = Redis.from_url(
            url, decode_responses=True, protocol=2, socket_timeout=10, socket_connect_timeout=2
        )
        stack.push_async_callback(client.aclose)
        yield client
