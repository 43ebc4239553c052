"""The append-only file of the embedded server: a rewrite drops removed data from it."""

import asyncio

from redis.exceptions import ResponseError

from storage.errors import StorageUnavailableError
from storage.server.protocol import Client

_POLL_S = 0.05
_PATIENCE_S = 60.0


async def rewrite(redis: Client) -> None:
    """Rewrite the file from the current data; raise StorageUnavailableError if that fails.

    Wait for a running rewrite first, because its file may contain data that was removed since.
    """
    await _idle(redis)
    try:
        await redis.bgrewriteaof()
    except ResponseError as error:
        raise StorageUnavailableError(f"cannot rewrite the append-only file: {error}") from None
    await _idle(redis)
    about = await redis.info("persistence")
    if about["aof_last_bgrewrite_status"] != "ok":
        raise StorageUnavailableError(
            "rewriting the append-only file failed. See valkey.log in the data folder."
        )


async def _idle(redis: Client) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while await _busy(redis):  # noqa: ASYNC110 - Redis sends no event at its end
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise StorageUnavailableError(
            f"a rewrite of the append-only file still runs after {_PATIENCE_S:.0f} seconds"
        ) from None


async def _busy(redis: Client) -> bool:
    about = await redis.info("persistence")
    return bool(about["aof_rewrite_in_progress"] or about["aof_rewrite_scheduled"])
