"""Schedule backfills: on request, and at regular intervals."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from bot.slack.backfill import Backfill
from storage.inbox.inbox import Inbox
from storage.inbox.watermarks import Watermarks

EVERY_S = 600.0
"""Seconds between two backfills: over HTTP, the bot cannot notice lost events."""

_WAIT_S = 5.0


@dataclass
class BackfillTurns:
    """Keep a request until a backfill that began after it has finished.

    Any number of processes may request one. A single process runs it for all of them.
    """

    backfill: Backfill
    inbox: Inbox
    watermarks: Watermarks
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _requested_at: float = 0.0
    _server_since: float = 0.0

    def want(self) -> None:
        """Request a backfill, as after a new connection or an event that was not stored."""
        self._wanted.set()

    async def step(self) -> None:
        """Wait up to 5 s for a request, then run a backfill if it is due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_S):
                await self._wanted.wait()
        await self._note_request()
        if await self._due_since() is None:
            return
        async with self.watermarks.claimed() as mine:
            due = await self._due_since()  # another process may have run it meanwhile
            if mine and due is not None:
                await self.backfill.run(requested_at=due)

    async def _note_request(self) -> None:
        since = await self.inbox.server_since(self.backfill.stores.team)
        if since > self._server_since:  # it restarted and may have lost the newest events
            self._server_since = since
            self.want()
        if self._wanted.is_set():
            self._wanted.clear()
            try:
                self._requested_at = await self.inbox.now()
            except BaseException:
                self._wanted.set()
                raise

    async def _due_since(self) -> float | None:
        """Return the Unix time since which a backfill is due, or None, by the server's clock.

        The time is never older than EVERY_S: while a channel keeps failing, no backfill completes,
        but the other channels are still read again.
        """
        now, last = await self.inbox.now(), (await self.watermarks.read()).backfilled
        next_at = last + EVERY_S
        due = [at for at in (self._requested_at, next_at) if last < at <= now]
        return max([*due, now - EVERY_S]) if due else None
