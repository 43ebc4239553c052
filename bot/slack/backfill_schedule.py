"""Decides when to backfill a workspace: on request, and at regular times."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from bot.slack.backfill import Backfill
from storage.inbox.inbox import Inbox
from storage.inbox.watermarks import Watermarks

EVERY_S = 600.0
"""The longest time between two backfills: over HTTP, the bot cannot notice lost events."""

_LOOK_S = 5.0


@dataclass
class BackfillTurns:
    """Keeps each request for a backfill until a backfill that began after it has ended.

    Any number of processes may: one of them looks, and its look counts for the wishes of all.
    """

    backfill: Backfill
    inbox: Inbox
    watermarks: Watermarks
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _wish: float = 0.0
    _server_since: float = 0.0

    def want(self) -> None:
        """Request a backfill, as after a new connection or an event that was not stored."""
        self._wanted.set()

    async def step(self) -> None:
        """Wait some seconds for a request, then backfill the channels if that is due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await self._wanted.wait()
        await self._note_wish()
        if await self._asked() is None:
            return
        async with self.watermarks.claimed() as mine:
            asked = await self._asked()  # another process may have looked meanwhile
            if mine and asked is not None:
                await self.backfill.run(asked=asked)

    async def _note_wish(self) -> None:
        since = await self.inbox.server_since(self.backfill.stores.team)
        if since > self._server_since:  # it may lack the last that was acknowledged
            self._server_since = since
            self.want()
        if self._wanted.is_set():
            self._wanted.clear()
            try:
                self._wish = await self.inbox.now()
            except BaseException:
                self._wanted.set()
                raise

    async def _asked(self) -> float | None:
        """Return since when a look is due, by the server's clock; None where none is.

        It is never longer ago than the time between two looks: where a channel fails again and
        again, no look ends, and the others are read all the same.
        """
        now, looked = await self.inbox.now(), (await self.watermarks.read()).backfilled
        due = looked + EVERY_S
        asked = [one for one in (self._wish, due) if looked < one <= now]
        return max([*asked, now - EVERY_S]) if asked else None
