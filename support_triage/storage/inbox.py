"""What came from Slack and is not answered yet: stored before the ack, taken by workers."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from support_triage.storage import inbox_scripts as scripts
from support_triage.storage import keys
from support_triage.storage.connection import Client
from support_triage.storage.errors import StorageUnavailableError
from support_triage.storage.events import EVENT, Event, Posted

LEASE_S = 6.0
"""An entry whose worker died is handed on after this; a living worker renews in time."""

_SWEEP_COUNT = 500
_BACKFILL_S = 5
_LOST_S = 60.0  # a server that took over may lack what was written in its last seconds


class IntakeConfig(BaseModel):
    """The table `[intake]`: how much of a workspace may wait before acks are withheld.

    `limit` counts events; `limit_mb` is the memory they take in Redis, estimated from a sample.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(default=100_000, ge=1)
    limit_mb: int = Field(default=256, ge=1)


class InboxFullError(StorageUnavailableError):
    """Too many events wait: do not acknowledge this one, Slack sends it again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in a worker's hands.

    `handed` numbers the hand-outs of this entry, so that a worker that lost its lease cannot
    speak for the present holder. `strikes` counts tries that failed for no passing reason, and
    deaths of its holders.
    """

    id: str
    team: str
    event: Event
    handed: int = 1
    strikes: int = 0

    @property
    def channel(self) -> str:
        """Where it happened."""
        return self.event.item.channel

    @property
    def age_s(self) -> float:
        """Seconds since it was received."""
        return max(0.0, time.time() - int(self.id.partition(":")[0]) / 1e6)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a worker got; `more` says that it could have had more."""

    entries: tuple[Entry, ...]
    more: bool


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
        self._take = redis.register_script(scripts.TAKE)
        self._renew = redis.register_script(scripts.RENEW)
        self._answered = redis.register_script(scripts.ANSWERED)
        self._postpone = redis.register_script(scripts.POSTPONE)
        self._bury = redis.register_script(scripts.BURY)
        self._since = redis.register_script(scripts.SINCE)
        self._cursor = 0

    async def receive(self, event: Event) -> bool:
        """Store an event; False when this new message is known already. Raises if not stored.

        Edits, deletions and reactions change nothing when they come twice, so only new
        messages are looked up by their identity.
        """
        at = event.item
        limits = [self._limit, self._limit_mb * 2**20]
        arguments = [at.channel, event.model_dump_json(), *limits]
        if isinstance(event, Posted) and not event.message.edited:
            arguments += [at.ts, keys.DEDUPE_S]
        stored = await self._receive(
            keys=[
                keys.inbox(at.team),
                keys.turns(at.team),
                keys.waiting(at.team, at.channel),
                keys.newest(at.team),
                keys.seen(at.team, at.channel, at.ts),
            ],
            args=arguments,
        )
        if stored < 0:
            raise InboxFullError(f"{self._limit} events, or {self._limit_mb} MB of them, wait")
        if stored > 1:
            await self.call(at.team)
        return bool(stored)

    async def call(self, team: str) -> None:
        """Call for a worker. A call that is lost is made up for by `sweep`."""
        await self._redis.zadd(keys.calls(), {team: time.time()}, nx=True)

    async def called(self, wait_s: float) -> str | None:
        """The workspace that has waited longest for a worker, None if none calls in time."""
        found = await self._redis.bzpopmin(keys.calls(), timeout=wait_s)
        return None if found is None else str(found[1])

    async def take(
        self, team: str, count: int, cap: int, running: Mapping[str, int] | None = None
    ) -> Taken:
        """Up to `count` entries, channel by channel; at most `cap` of one with those `running`."""
        left, since_ms, found = await self._take(
            keys=[
                keys.inbox(team),
                keys.handed(team),
                keys.strikes(team),
                keys.turns(team),
                keys.taken(team),
                keys.later(team),
                keys.server(team),
            ],
            args=[
                keys.waiting(team, ""),
                int(LEASE_S * 1000),
                count,
                cap,
                json.dumps(dict(running or {})),
            ],
        )
        if left > 1:
            await self.call(team)
        entries = []
        for at in range(0, len(found), 4):
            entry_id, content, handed, strikes = found[at : at + 4]
            try:
                event = EVENT.validate_json(content)
            except ValueError:
                await self._to_dead(team, entry_id, "this version cannot read it")
                continue
            if int(entry_id.partition(":")[0]) < since_ms * 1000:
                event = event.model_copy(update={"doubt": since_ms / 1000 - _LOST_S})
            entries.append(Entry(entry_id, team, event, int(handed), int(strikes)))
        return Taken(tuple(entries), left > 0)

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
        _, *places = _places(entry.team)
        await self._postpone(
            keys=places, args=[entry.id, entry.handed, int(delay_s * 1000), strikes]
        )

    async def bury(self, entry: Entry, reason: str) -> None:
        """Move an entry to the dead letters, with the reason."""
        await self._to_dead(entry.team, entry.id, reason)

    async def _to_dead(self, team: str, entry_id: str, reason: str) -> None:
        await self._bury(keys=[*_places(team), keys.dead(team)], args=[entry_id, reason])

    async def sweep(self) -> None:
        """Call for workers where an entry is due again, and where a call got lost.

        Looks at some 500 workspaces a time, all of them in turn.
        """
        self._cursor, teams = await self._redis.sscan(
            keys.workspaces(), self._cursor, count=_SWEEP_COUNT
        )
        if not teams:
            return
        now = time.time() * 1000
        async with self._redis.pipeline(transaction=False) as pipe:
            for team in teams:
                pipe.exists(keys.turns(team))
                pipe.zcount(keys.taken(team), "-inf", now)
                pipe.zcount(keys.later(team), "-inf", now)
            found = await pipe.execute()
        for at, team in enumerate(teams):
            if any(found[3 * at : 3 * at + 3]):
                await self.call(team)

    async def newest(self, team: str) -> dict[str, float]:
        """When the newest message of each channel was written; for "", when one last listened."""
        stored = await self._redis.hgetall(keys.newest(team))
        return {channel: float(ts) for channel, ts in stored.items()}

    async def note_alive(self, team: str, when: float) -> None:
        """Somebody listens to this workspace at this time."""
        await self._redis.hset(keys.newest(team), "", f"{when:.6f}")

    async def server_since(self, team: str) -> float:
        """When the server lost its memory or took over, as a Unix time; 0 if it never did.

        What was received before is handed out with `doubt`.
        """
        return int(await self._since(keys=[keys.server(team)])) / 1000

    async def may_backfill(self, team: str) -> bool:
        """Whether it is our turn to backfill: one process does, once in a while."""
        return bool(await self._redis.set(keys.backfilling(team), "1", nx=True, ex=_BACKFILL_S))

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
        return max(0.0, time.time() - min(received)) if received else 0.0


def _places(team: str) -> list[str]:
    return [
        keys.inbox(team),
        keys.handed(team),
        keys.strikes(team),
        keys.taken(team),
        keys.later(team),
    ]
