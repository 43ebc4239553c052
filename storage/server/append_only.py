"""The append-only file of our own server: what was removed leaves it with a rewrite."""

import asyncio

from redis.exceptions import ResponseError

from storage.errors import StorageUnavailableError
from storage.server.connection import Client

_LOOK_S = 0.05
_PATIENCE_S = 60.0


async def rewrite(redis: Client) -> None:
    """Have the file written anew from what is stored now; StorageUnavailableError if it is not.

    A rewrite that runs already may hold what was removed since: it is waited for first.
    """
    await _idle(redis)
    try:
        await redis.bgrewriteaof()
    except ResponseError as error:
        raise StorageUnavailableError(f"the append-only file is not rewritten: {error}") from None
    await _idle(redis)
    about = await redis.info("persistence")
    if about["aof_last_bgrewrite_status"] != "ok":
        raise StorageUnavailableError("the append-only file could not be rewritten: see its log")


async def _idle(redis: Client) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while await _busy(redis):  # noqa: ASYNC110 - Redis tells nobody when it is done
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise StorageUnavailableError("the append-only file is still being rewritten") from None


async def _busy(redis: Client) -> bool:
    about = await redis.info("persistence")
    return bool(about["aof_rewrite_in_progress"] or about["aof_rewrite_scheduled"])
