"""The inbox: events between the acknowledgement and the answer."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classifiers.plural import plural
from storage import keys
from storage.config import IntakeConfig
from storage.errors import StorageUnavailableError
from storage.inbox import scripts
from storage.inbox.events import EVENT, Asked, Event, Posted, Reacted, wrote
from storage.server.protocol import Client

LEASE_S = 6.0
"""Lease of an entry: a dead worker's entries are delivered again after it. Workers renew it."""

_SWEEP_COUNT = 500
_LISTENS_S = 60
_NOTED_S = 0.2  # no process can start during a shorter wait, so it is reported as 0
_LOST_S = 60.0  # a failover may lose the writes of the minute before it


class InboxFullError(StorageUnavailableError):
    """Too many events wait: do not acknowledge this event, so that Slack sends it again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An in-flight event.

    `delivery` counts the deliveries of this entry, so a worker that lost its lease cannot act for
    the current holder. `strikes` counts tries that failed for a lasting reason, and deaths of its
    workers; after its first strike, an entry is delivered alone. `waited_s` is its age at delivery
    by the server's clock. `since` (monotonic) continues from there, so this machine's clock does
    not matter.
    """

    id: str
    team: str
    event: Event
    delivery: int = 1
    strikes: int = 0
    waited_s: float = 0.0
    since: float = field(default_factory=time.monotonic)

    @property
    def channel(self) -> str:
        """Return the id of the event's channel."""
        return self.event.item.channel

    @property
    def age_s(self) -> float:
        """Return the seconds since the event was received."""
        return self.waited_s + time.monotonic() - self.since


@dataclass(frozen=True, slots=True)
class Batch:
    """The entries delivered to a worker; `more` is True if others still wait.

    `suspects` is True if entries that failed before are due: `take_suspect` delivers them.
    """

    entries: tuple[Entry, ...]
    more: bool
    suspects: bool = False


class Inbox:
    """A queue per workspace that serves channels in turn; an entry stays until it is finished."""

    def __init__(
        self,
        redis: Client,
        limit: int = IntakeConfig().limit,
        limit_mb: int = IntakeConfig().limit_mb,
    ) -> None:
        self._redis = redis
        self._limit = limit
        self._limit_mb = limit_mb
        self._receive = redis.register_script(scripts.RECEIVE)
        self._call = redis.register_script(scripts.CALL)
        self._take = redis.register_script(scripts.TAKE)
        self._take_suspect = redis.register_script(scripts.TAKE_SUSPECT)
        self._renew = redis.register_script(scripts.RENEW)
        self._finish = redis.register_script(scripts.FINISH)
        self._postpone = redis.register_script(scripts.POSTPONE)
        self._give_up = redis.register_script(scripts.GIVE_UP)
        self._since = redis.register_script(scripts.SINCE)
        self._cursor = 0

    async def receive(self, event: Event) -> bool:
        """Store an event; return False for a duplicate, or for a message of a forgotten author.

        Only new messages and commands are checked for duplicates: edits, deletions and reactions
        have no effect the second time. Raise StorageError if the event is not stored, such as
        InboxFullError.
        """
        at = event.item
        places = [keys.inbox(at.team), keys.turns(at.team), keys.waiting(at.team, at.channel)]
        places += [keys.forgotten(at.team), keys.seen(at.team, at.channel, at.ts)]
        limits = [self._limit, self._limit_mb * 2**20]
        author = event.message.user if isinstance(event, Posted) else ""
        arguments: list[str | int] = [at.channel, event.model_dump_json(), *limits, author, at.ts]
        if isinstance(event, Asked):
            arguments += [at.ts, keys.DEDUPE_S]
        elif isinstance(event, Posted) and not event.message.edited:
            places.append(keys.known(at.team, at.channel))
            arguments += [at.ts, keys.DEDUPE_S, keys.KNOWN_S]
        stored = await self._receive(keys=places, args=arguments)
        if stored < 0:
            raise InboxFullError(
                f"the inbox is full: {plural(self._limit, 'event')} or {self._limit_mb} MB wait"
            )
        if stored > 1:
            await self.call(at.team)
        return bool(stored)

    async def call(self, team: str) -> None:
        """Call for a worker; `sweep` repeats a call that is lost."""
        await self._call(keys=[keys.calls()], args=[team])

    async def wait_for_call(self, wait_s: float) -> str | None:
        """Return the workspace that waits longest for a worker; None after `wait_s` seconds."""
        found = await self._redis.bzpopmin(keys.calls(), timeout=wait_s)
        return None if found is None else str(found[1])

    async def take(
        self, team: str, count: int, cap: int, running: Mapping[str, int] | None = None
    ) -> Batch:
        """Deliver up to `count` entries, channels in turn.

        At most `cap` entries of a channel are in flight, counting those in `running`.
        """
        left, suspects, since_ms, now_ms, found = await self._take(
            keys=[*_hands(team), keys.turns(team), keys.later(team)],
            args=[
                int(LEASE_S * 1000),
                keys.waiting(team, ""),
                count,
                cap,
                json.dumps(dict(running or {})),
            ],
        )
        if left > 1:
            await self.call(team)
        entries = await self._read(team, since_ms, now_ms, found)
        return Batch(tuple(entries), left > 0, bool(suspects))

    async def take_suspect(self, team: str) -> Entry | None:
        """Deliver an entry that failed before, or None, to a worker that holds no other entry.

        If the worker dies, only this entry can be the cause.
        """
        while True:
            since_ms, now_ms, found = await self._take_suspect(
                keys=_hands(team), args=[int(LEASE_S * 1000)]
            )
            entries = await self._read(team, since_ms, now_ms, found)
            if entries or not found:
                return entries[0] if entries else None

    async def _read(
        self, team: str, since_ms: int, now_ms: int, found: Sequence[Any]
    ) -> list[Entry]:
        """Parse the entries that a script returned; unreadable entries become dead letters."""
        entries = []
        for at in range(0, len(found), 4):
            entry_id, content, handed, strikes = found[at : at + 4]
            try:
                event = EVENT.validate_json(content)
            except ValueError:
                await self._to_dead(team, entry_id, "this version cannot read the event")
                continue
            received_ms = int(entry_id.partition(":")[0]) / 1000
            if isinstance(event, Reacted):
                event = event.model_copy(update={"received": received_ms / 1000})
            if received_ms < since_ms:
                event = event.model_copy(update={"doubt": since_ms / 1000 - _LOST_S})
            waited_s = max(0.0, now_ms - received_ms) / 1000
            if waited_s > _NOTED_S:
                event = event.model_copy(update={"waited_s": waited_s})
            entries.append(Entry(entry_id, team, event, int(handed), int(strikes), waited_s))
        return entries

    async def renew(self, entries: Sequence[Entry]) -> None:
        """Renew the leases of in-flight entries."""
        by_team: defaultdict[str, list[str | int]] = defaultdict(list)
        for entry in entries:
            by_team[entry.team] += [entry.id, entry.delivery]
        for team, held in by_team.items():
            await self._renew(
                keys=[keys.handed(team), keys.taken(team)], args=[int(LEASE_S * 1000), *held]
            )

    async def finish(self, entry: Entry) -> None:
        """Remove an entry whose event is finished."""
        await self._finish(keys=_places(entry.team), args=[entry.id])

    async def postpone(self, entry: Entry, delay_s: float, strikes: int = 0) -> None:
        """Deliver an entry again after `delay_s` seconds; no-op if another worker holds it."""
        await self._postpone(
            keys=_places(entry.team),
            args=[entry.id, entry.delivery, int(delay_s * 1000), strikes],
        )

    async def give_up(self, entry: Entry, reason: str) -> None:
        """Move an entry to the dead letters, with the reason for giving up."""
        await self._to_dead(entry.team, entry.id, reason)

    async def _to_dead(self, team: str, entry_id: str, reason: str) -> None:
        await self._give_up(keys=[*_places(team), keys.dead(team)], args=[entry_id, reason])

    async def written_by(self, team: str, user: str, until: float) -> list[str]:
        """Return the ids of entries with messages that a person sent up to a Unix time."""
        found = [
            entry_id
            async for entry_id, content in self._redis.hscan_iter(keys.inbox(team), count=500)
            if wrote(user, content, until)
        ]
        return list(dict.fromkeys(found))

    async def drop_all(self, team: str, ids: Sequence[str]) -> int:
        """Remove entries, even in-flight entries; return the number removed."""
        removed = [await self._finish(keys=_places(team), args=[identity]) for identity in ids]
        return sum(map(int, removed))

    async def sweep(self) -> None:
        """Call for workers for entries that are due, and repeat lost calls.

        Each sweep looks at about 500 workspaces; successive sweeps reach all of them.
        """
        self._cursor, teams = await self._redis.sscan(
            keys.workspaces(), self._cursor, count=_SWEEP_COUNT
        )
        if not teams:
            return
        now = await self.now() * 1000
        checks = 4
        async with self._redis.pipeline(transaction=False) as pipe:
            for team in teams:
                pipe.exists(keys.turns(team))
                for due in (keys.taken(team), keys.later(team), keys.suspects(team)):
                    pipe.zcount(due, "-inf", now)
            found = await pipe.execute(raise_on_error=False)
        errors = [answer for answer in found if isinstance(answer, Exception)]
        for at, team in enumerate(teams):
            answers = found[checks * at :][:checks]
            if any(answer and not isinstance(answer, Exception) for answer in answers):
                await self.call(team)
        if errors:
            raise errors[0]  # last, so a workspace with damaged keys does not delay the others

    async def now(self) -> float:
        """Return Redis's time as a Unix time: the common clock of all processes."""
        seconds, microseconds = await self._redis.time()
        return float(seconds) + float(microseconds) / 1e6

    async def listen(self, team: str) -> None:
        """Record for the next minute that this process receives the workspace's events."""
        await self._redis.set(keys.listening(team), "1", ex=_LISTENS_S)

    async def listened(self, team: str) -> bool:
        """Return True if a process receives this workspace's events."""
        return bool(await self._redis.exists(keys.listening(team)))

    async def server_since(self, team: str) -> float:
        """Return the Unix time of the last failover or restart without data; 0 if there was none.

        Events received before it are delivered with `doubt`.
        """
        return int(await self._since(keys=[keys.server(team)])) / 1000

    async def depth(self, team: str) -> int:
        """Return the number of a workspace's unfinished events."""
        return int(await self._redis.hlen(keys.inbox(team)))

    async def dead(self, team: str) -> int:
        """Return the number of a workspace's dead letters."""
        return int(await self._redis.xlen(keys.dead(team)))

    async def oldest_s(self, team: str) -> float:
        """Return the age in seconds of a workspace's oldest waiting event; 0 if none waits."""
        channels = await self._redis.lrange(keys.turns(team), 0, -1)
        async with self._redis.pipeline(transaction=False) as pipe:
            for channel in channels:
                pipe.lindex(keys.waiting(team, channel), 0)
            heads = [head for head in await pipe.execute() if head] if channels else []
        received = [int(head.partition(":")[0]) / 1e6 for head in heads]
        return max(0.0, await self.now() - min(received)) if received else 0.0


def _hands(team: str) -> list[str]:
    used = (keys.inbox, keys.handed, keys.strikes, keys.taken, keys.suspects, keys.server)
    return [key(team) for key in used]


def _places(team: str) -> list[str]:
    used = (keys.inbox, keys.handed, keys.strikes, keys.taken, keys.later, keys.suspects)
    return [key(team) for key in used]
