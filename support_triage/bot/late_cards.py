"""Looks again for cards that may land after their worker was given up: one card remains."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from support_triage.bot.loops import each
from support_triage.storage.records import MessageId, Records

log = structlog.get_logger()


@dataclass(frozen=True)
class LateCards:
    """One workspace's; `look_again` shows a message anew, as all that is known of it demands."""

    records: Records
    team: str
    look_again: Callable[[MessageId], Awaitable[None]]

    async def look(self) -> None:
        """Look once at each message that is due; what fails is due again the next time."""
        await each(await self.records.late(self.team, time.time()), self._look)

    async def _look(self, identity: MessageId) -> None:
        try:
            await self.look_again(identity)
        except ValidationError as error:  # a later version wrote the record: it looks itself
            log.error("late_card.unreadable", message=str(identity), errors=error.error_count())  # noqa: TRY400 - a trace quotes the record
            await self.records.not_late(identity)
