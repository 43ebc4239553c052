"""Dead letters: events that failed for good, with the reason; they can be retried or dropped."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from storage import keys
from storage.inbox import scripts
from storage.inbox.events import EVENT, Event, Posted, wrote
from storage.server.protocol import Client

_PAGE = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A failed event; `event` is None if this version cannot read it."""

    id: str
    event: Event | None
    reason: str

    @property
    def when_s(self) -> float:
        """Return the Unix time at which the bot gave up on the event."""
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
        self._trim = redis.register_script(scripts.TRIM)

    async def iterate(self, team: str) -> AsyncIterator[DeadLetter]:
        """Yield the dead letters of a workspace, oldest first."""
        async for letter_id, fields in self._pages(team):
            yield DeadLetter(letter_id, _read(fields["event"]), fields["reason"])

    async def _pages(self, team: str) -> AsyncIterator[tuple[str, dict[str, str]]]:
        start = "-"
        while page := await self._redis.xrange(keys.dead(team), start, "+", count=_PAGE):
            for letter in page:
                yield letter
            start = f"({page[-1][0]}"

    async def trim(self, team: str, keep_s: int) -> int:
        """Drop dead letters that are older than `keep_s` seconds; return the number dropped."""
        dropped = await self._trim(
            keys=[keys.dead(team), keys.dead_outlived(team)], args=[keep_s * 1000]
        )
        return int(dropped)

    async def outlived(self, team: str) -> int:
        """Return the number of dead letters ever dropped for their age."""
        return int(await self._redis.get(keys.dead_outlived(team)) or 0)

    async def written_by(self, team: str, user: str, until: float) -> list[str]:
        """Return the ids of dead letters with messages that a person sent up to a Unix time."""
        return [
            letter_id
            async for letter_id, fields in self._pages(team)
            if wrote(user, fields["event"], until)
        ]

    async def about(self, team: str, message: str) -> list[str]:
        """Return the ids of dead letters that hold the text of a message (channel:ts)."""
        return [
            letter.id
            async for letter in self.iterate(team)
            if isinstance(letter.event, Posted) and str(letter.event.item) == message
        ]

    async def drop_all(self, team: str, ids: Sequence[str]) -> int:
        """Drop dead letters; return the number dropped."""
        return int(await self._redis.xdel(keys.dead(team), *ids)) if ids else 0

    async def retry(self, team: str, letter: DeadLetter) -> bool:
        """Put an event back in the inbox; return False if it is gone or unreadable."""
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
        """Drop a dead letter; return False if it was gone."""
        return bool(await self._redis.xdel(keys.dead(team), letter.id))
