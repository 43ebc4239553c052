"""Search again for cards that may arrive late, so that only one card remains."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from bot.tasks import each
from storage.messages import MessageId
from storage.records import Records

log = structlog.get_logger()


@dataclass(frozen=True)
class LateCards:
    """Late cards of one workspace; `look_again` shows a message again."""

    records: Records
    team: str
    look_again: Callable[[MessageId], Awaitable[None]]

    async def look(self) -> None:
        """Search for each message that is due; a message that fails stays due."""
        await each(await self.records.late(self.team, time.time()), self._look)

    async def _look(self, identity: MessageId) -> None:
        try:
            await self.look_again(identity)
        except ValidationError as error:  # a later version wrote the record and searches itself
            log.error("late_card.unreadable", message=str(identity), errors=error.error_count())  # noqa: TRY400 - a trace quotes the record
            await self.records.not_late(identity)
