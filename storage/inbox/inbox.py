"""What came from Slack and is not answered yet: stored before the ack, taken by workers."""

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
from storage.server.connection import Client

LEASE_S = 6.0
"""An entry whose worker died is handed on after this; a living worker renews in time."""

_SWEEP_COUNT = 500
_LISTENS_S = 60
_NOTED_S = 0.2  # a shorter wait is none: no process began meanwhile
_LOST_S = 60.0  # a server that took over may lack what was written in its last seconds


class InboxFullError(StorageUnavailableError):
    """Too many events wait: do not acknowledge this one, Slack sends it again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in a worker's hands.

    `handed` numbers the hand-outs of this entry, so that a worker that lost its lease cannot
    speak for the present holder. `strikes` counts tries that failed for no passing reason, and
    deaths of its holders: but for the first one, the entry was alone in the worker's hands.
    `waited_s` is its age at the hand-out by the server's clock, which `since` (monotonic) goes on
    from, so that the clock of this machine plays no part.
    """

    id: str
    team: str
    event: Event
    handed: int = 1
    strikes: int = 0
    waited_s: float = 0.0
    since: float = field(default_factory=time.monotonic)

    @property
    def channel(self) -> str:
        """Where it happened."""
        return self.event.item.channel

    @property
    def age_s(self) -> float:
        """Seconds since it was received."""
        return self.waited_s + time.monotonic() - self.since


@dataclass(frozen=True, slots=True)
class Taken:
    """What a worker got; `more` says that it could have had more.

    `suspects` says that entries that failed before are due: `take_suspect` hands them out.
    """

    entries: tuple[Entry, ...]
    more: bool
    suspects: bool = False


class Inbox:
    """One queue a workspace, served channel by channel in turn; an entry stays until answered."""

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
        self._answered = redis.register_script(scripts.ANSWERED)
        self._postpone = redis.register_script(scripts.POSTPONE)
        self._bury = redis.register_script(scripts.BURY)
        self._since = redis.register_script(scripts.SINCE)
        self._cursor = 0

    async def receive(self, event: Event) -> bool:
        """Store an event; False when this new message is known already. Raises if not stored.

        A message that was sent before its author was forgotten is not stored, and False too.

        Edits, deletions and reactions change nothing when they come twice, so only new messages
        and commands are looked up by their identity.
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
                f"{plural(self._limit, 'event')}, or {self._limit_mb} MB of them, wait"
            )
        if stored > 1:
            await self.call(at.team)
        return bool(stored)

    async def call(self, team: str) -> None:
        """Call for a worker. A call that is lost is made up for by `sweep`."""
        await self._call(keys=[keys.calls()], args=[team])

    async def called(self, wait_s: float) -> str | None:
        """The workspace that has waited longest for a worker, None if none calls in time."""
        found = await self._redis.bzpopmin(keys.calls(), timeout=wait_s)
        return None if found is None else str(found[1])

    async def take(
        self, team: str, count: int, cap: int, running: Mapping[str, int] | None = None
    ) -> Taken:
        """Up to `count` entries, channel by channel; at most `cap` of one with those `running`."""
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
        return Taken(tuple(entries), left > 0, bool(suspects))

    async def take_suspect(self, team: str) -> Entry | None:
        """Return an entry that failed before, for a worker that holds nothing else; None for none.

        So what happens to the worker is evidence against this entry, and no other.
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
        """Return entries from what a script found; one that cannot be read is a dead letter."""
        entries = []
        for at in range(0, len(found), 4):
            entry_id, content, handed, strikes = found[at : at + 4]
            try:
                event = EVENT.validate_json(content)
            except ValueError:
                await self._to_dead(team, entry_id, "this version cannot read it")
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
        """Say that these are still being worked on."""
        by_team: defaultdict[str, list[str | int]] = defaultdict(list)
        for entry in entries:
            by_team[entry.team] += [entry.id, entry.handed]
        for team, held in by_team.items():
            await self._renew(
                keys=[keys.handed(team), keys.taken(team)], args=[int(LEASE_S * 1000), *held]
            )

    async def answered(self, entry: Entry) -> None:
        """Forget an entry: all it asked for is done."""
        await self._answered(keys=_places(entry.team), args=[entry.id])

    async def postpone(self, entry: Entry, delay_s: float, strikes: int = 0) -> None:
        """Hand an entry out again after a while; nothing where it is another's by now."""
        await self._postpone(
            keys=_places(entry.team),
            args=[entry.id, entry.handed, int(delay_s * 1000), strikes],
        )

    async def bury(self, entry: Entry, reason: str) -> None:
        """Move an entry to the dead letters, with the reason."""
        await self._to_dead(entry.team, entry.id, reason)

    async def _to_dead(self, team: str, entry_id: str, reason: str) -> None:
        await self._bury(keys=[*_places(team), keys.dead(team)], args=[entry_id, reason])

    async def written_by(self, team: str, user: str, until: float) -> list[str]:
        """Return the ids of the entries that are messages which a person sent until a Unix time."""
        found = [
            entry_id
            async for entry_id, content in self._redis.hscan_iter(keys.inbox(team), count=500)
            if wrote(user, content, until)
        ]
        return list(dict.fromkeys(found))

    async def drop_all(self, team: str, ids: Sequence[str]) -> int:
        """Forget entries, whoever holds them; return how many were there."""
        found = [await self._answered(keys=_places(team), args=[one]) for one in ids]
        return sum(map(int, found))

    async def sweep(self) -> None:
        """Call for workers where an entry is due again, and where a call got lost.

        Looks at some 500 workspaces a time, all of them in turn.
        """
        self._cursor, teams = await self._redis.sscan(
            keys.workspaces(), self._cursor, count=_SWEEP_COUNT
        )
        if not teams:
            return
        now = await self.now() * 1000
        looks = 4
        async with self._redis.pipeline(transaction=False) as pipe:
            for team in teams:
                pipe.exists(keys.turns(team))
                for due in (keys.taken(team), keys.later(team), keys.suspects(team)):
                    pipe.zcount(due, "-inf", now)
            found = await pipe.execute(raise_on_error=False)
        errors = [one for one in found if isinstance(one, Exception)]
        for at, team in enumerate(teams):
            if any(one and not isinstance(one, Exception) for one in found[looks * at :][:looks]):
                await self.call(team)
        if errors:
            raise errors[0]  # a workspace whose keys are damaged does not hold up the others

    async def now(self) -> float:
        """Return the server's time, as a Unix time: the clock by which all processes wait."""
        seconds, microseconds = await self._redis.time()
        return float(seconds) + float(microseconds) / 1e6

    async def listen(self, team: str) -> None:
        """Say that somebody takes this workspace's events in, for the next minute."""
        await self._redis.set(keys.listening(team), "1", ex=_LISTENS_S)

    async def listened(self, team: str) -> bool:
        """Return whether somebody takes this workspace's events in."""
        return bool(await self._redis.exists(keys.listening(team)))

    async def server_since(self, team: str) -> float:
        """When the server lost its memory or took over, as a Unix time; 0 if it never did.

        What was received before is handed out with `doubt`.
        """
        return int(await self._since(keys=[keys.server(team)])) / 1000

    async def depth(self, team: str) -> int:
        """How many events of a workspace are not answered yet."""
        return int(await self._redis.hlen(keys.inbox(team)))

    async def dead(self, team: str) -> int:
        """How many events of a workspace were given up on."""
        return int(await self._redis.xlen(keys.dead(team)))

    async def oldest_s(self, team: str) -> float:
        """Seconds that the longest waiting event of a workspace has not been handed out."""
        channels = await self._redis.lrange(keys.turns(team), 0, -1)
        async with self._redis.pipeline(transaction=False) as pipe:
            for channel in channels:
                pipe.lindex(keys.waiting(team, channel), 0)
            heads = [one for one in await pipe.execute() if one] if channels else []
        received = [int(one.partition(":")[0]) / 1e6 for one in heads]
        return max(0.0, await self.now() - min(received)) if received else 0.0


def _hands(team: str) -> list[str]:
    made = (keys.inbox, keys.handed, keys.strikes, keys.taken, keys.suspects, keys.server)
    return [key(team) for key in made]


def _places(team: str) -> list[str]:
    made = (keys.inbox, keys.handed, keys.strikes, keys.taken, keys.later, keys.suspects)
    return [key(team) for key in made]
