"""Run work once for all callers that request it at the same time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Running work by key; later callers wait for its result or error."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[T]] = {}

    async def join(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of the running work, which is started if there is none.

        The work continues for other callers if this caller is cancelled.
        """
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(work())
            task.add_done_callback(lambda ended: self._land(key, ended))
        return await asyncio.shield(task)

    def part(self, key: str) -> None:
        """Make the next caller start new work instead of joining the running work."""
        self._under_way.pop(key, None)

    def _land(self, key: str, ended: asyncio.Task[T]) -> None:
        if self._under_way.get(key) is ended:
            del self._under_way[key]
