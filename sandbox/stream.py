"""Server-sent events: changes of state for all open pages."""

import asyncio
import json
from collections.abc import AsyncIterator

from sandbox.wire import Json


class Stream:
    """Sends each change to all listeners."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._closed = False

    def publish(self, change: Json) -> None:
        """Send a change to all listeners."""
        line = f"data: {json.dumps(change)}\n\n"
        for queue in self._listeners:
            queue.put_nowait(line)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for queue in self._listeners:
            queue.put_nowait(None)

    async def listen(self) -> AsyncIterator[str]:
        """Yield each change from now on as a server-sent event."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield ": open\n\n"
            while not self._closed and (line := await queue.get()) is not None:
                yield line
        finally:
            self._listeners.discard(queue)
