"""Helpers for asyncio tasks."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import structlog

_CANCEL_EVERY_S = 0.2

T = TypeVar("T")

log = structlog.get_logger()


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task until it ends, and discard its result or error.

    A single cancellation is not enough: redis-py may swallow it at the end of a command.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_EVERY_S)
    if not task.cancelled():
        task.exception()


async def each(items: Iterable[T], step: Callable[[T], Awaitable[object]]) -> None:
    """Await `step` for each item in order, and go on after a failure.

    Raise the failures at the end as an ExceptionGroup, so that a bad item neither blocks the others
    nor goes unnoticed.
    """
    errors = []
    for item in items:
        try:
            await step(item)
        except Exception as error:  # noqa: BLE001 - raised below, after the last item
            errors.append(error)
    if errors:
        raise ExceptionGroup("some items failed", errors)


def watched(name: str, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
    """Start a task, and log its failure even if nobody awaits it."""

    def log_failure(task: asyncio.Task[T]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("task.failed", task=name, exc_info=error)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(log_failure)
    return task


class HungError(Exception):
    """A step exceeded its deadline and was cancelled."""
