"""Server-sent events: state changes for every page that is open."""

import asyncio
import json
from collections.abc import AsyncIterator

from sandbox.wire import Json


class Stream:
    """Passes each change on to whoever listens."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._closed = False

    def publish(self, change: Json) -> None:
        """Tell every listener."""
        line = f"data: {json.dumps(change)}\n\n"
        for queue in self._listeners:
            queue.put_nowait(line)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for queue in self._listeners:
            queue.put_nowait(None)

    async def listen(self) -> AsyncIterator[str]:
        """Changes from now on, each as one server-sent event."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield ": open\n\n"
            while not self._closed and (line := await queue.get()) is not None:
                yield line
        finally:
            self._listeners.discard(queue)
