"""Asyncio tasks: start one, end one for certain, and go on with the rest after a failure."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import structlog

_AGAIN_S = 0.2

T = TypeVar("T")

log = structlog.get_logger()


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task until it has ended; drop its result or error.

    One cancellation is not enough: redis-py may swallow one that meets the end of a command.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_AGAIN_S)
    if not task.cancelled():
        task.exception()


async def each(items: Iterable[T], step: Callable[[T], Awaitable[object]]) -> None:
    """Take a step for every item, in order, even after some have failed.

    Raises the failures at the end, as an ExceptionGroup: one bad item does not hold up the others,
    and does not go unseen.
    """
    errors = []
    for one in items:
        try:
            await step(one)
        except Exception as error:  # noqa: BLE001 - raised below, when all had their turn
            errors.append(error)
    if errors:
        raise ExceptionGroup("some items failed", errors)


def watched(name: str, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
    """Start work that runs once; log its failure even if nobody waits for it."""

    def ended(task: asyncio.Task[T]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("task.failed", task=name, exc_info=error)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(ended)
    return task


class HungError(Exception):
    """A step did not end in time, and was cancelled."""
