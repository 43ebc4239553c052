"""Events that were given up on, with the reason: listed, tried again, dropped."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from support_triage.storage import inbox_scripts as scripts
from support_triage.storage import keys
from support_triage.storage.connection import Client
from support_triage.storage.events import EVENT, Event

_PAGE = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event given up on; `event` is None where it cannot be read."""

    id: str
    event: Event | None
    reason: str

    @property
    def when_s(self) -> float:
        """Unix time at which it was given up."""
        return int(self.id.partition("-")[0]) / 1000


def _read(content: str) -> Event | None:
    try:
        return EVENT.validate_json(content)
    except ValueError:
        return None


class DeadLetters:
    """The dead letters of all workspaces."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._revive = redis.register_script(scripts.REVIVE)

    async def iterate(self, team: str) -> AsyncIterator[DeadLetter]:
        """Each dead letter of a workspace, oldest first."""
        start = "-"
        while page := await self._redis.xrange(keys.dead(team), start, "+", count=_PAGE):
            for letter_id, fields in page:
                yield DeadLetter(letter_id, _read(fields["event"]), fields["reason"])
            start = f"({page[-1][0]}"

    async def retry(self, team: str, letter: DeadLetter) -> bool:
        """Put an event back in the inbox; False where it is gone or cannot be read."""
        if letter.event is None:
            return False
        channel = letter.event.item.channel
        revived = await self._revive(
            keys=[
                keys.inbox(team),
                keys.turns(team),
                keys.waiting(team, channel),
                keys.dead(team),
            ],
            args=[letter.id, channel],
        )
        return bool(revived)

    async def drop(self, team: str, letter: DeadLetter) -> bool:
        """Forget an event for good; False where it was gone."""
        return bool(await self._redis.xdel(keys.dead(team), letter.id))
