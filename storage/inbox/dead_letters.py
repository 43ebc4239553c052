"""Events that were given up on, with the reason: listed, tried again, dropped."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from storage import keys
from storage.inbox import scripts
from storage.inbox.events import EVENT, Event, Posted, wrote
from storage.server.connection import Client

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
        self._trim = redis.register_script(scripts.TRIM)

    async def iterate(self, team: str) -> AsyncIterator[DeadLetter]:
        """Each dead letter of a workspace, oldest first."""
        async for letter_id, fields in self._pages(team):
            yield DeadLetter(letter_id, _read(fields["event"]), fields["reason"])

    async def _pages(self, team: str) -> AsyncIterator[tuple[str, dict[str, str]]]:
        start = "-"
        while page := await self._redis.xrange(keys.dead(team), start, "+", count=_PAGE):
            for letter in page:
                yield letter
            start = f"({page[-1][0]}"

    async def trim(self, team: str, keep_s: int) -> int:
        """Drop the events that were given up on longer ago than is kept; return how many."""
        dropped = await self._trim(
            keys=[keys.dead(team), keys.dead_outlived(team)], args=[keep_s * 1000]
        )
        return int(dropped)

    async def outlived(self, team: str) -> int:
        """Return how many events were dropped for their age, since ever."""
        return int(await self._redis.get(keys.dead_outlived(team)) or 0)

    async def written_by(self, team: str, user: str, until: float) -> list[str]:
        """Return the ids of the messages that a person sent until a Unix time."""
        return [
            letter_id
            async for letter_id, fields in self._pages(team)
            if wrote(user, fields["event"], until)
        ]

    async def about(self, team: str, message: str) -> list[str]:
        """Return the ids of the events of one message (channel:ts) in which its text may be."""
        return [
            one.id
            async for one in self.iterate(team)
            if isinstance(one.event, Posted) and str(one.event.item) == message
        ]

    async def drop_all(self, team: str, ids: Sequence[str]) -> int:
        """Forget events for good; return how many were there."""
        return int(await self._redis.xdel(keys.dead(team), *ids)) if ids else 0

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
