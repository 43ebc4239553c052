"""Takes events from the inbox and has them answered, many at a time, until told to stop."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog

from bot.slack.errors import PASSING, GatewayError, GatewayPacedError
from bot.tasks import HungError, end, watched
from classifiers.plural import plural
from storage.errors import StorageError, StorageUnavailableError
from storage.inbox.events import Event
from storage.inbox.inbox import LEASE_S, Entry, Inbox

_AT_ONCE = 128
_PER_CHANNEL = 64  # a channel in flood leaves the other half of the places to the others
_WAIT_S = 0.5
_PAUSE_S = 0.5
_GATHER_S = 0.005
_STRIKES_MAX = 6  # the first failure is no evidence, as others were in hand; five alone are
_ALONE_S = 1.0  # entries that failed before get so much of a worker at a time
_EMPTY_S = 2.0  # the longest wait for empty hands: a long command must not hold up all else
_REFUSED_MAX_S = 3600.0
_HANGS_S = 3600.0  # longer than the longest command: what takes longer gives its place back

log = structlog.get_logger()


def delay_s(entry: Entry, error: Exception, jitter: float) -> float:
    """Seconds until the next try: as long as Slack asked for, else half as long as it waits now.

    So the waits grow by half each time, up to 30 s for what passes by itself and 10 minutes for
    what somebody has to mend. `jitter` in [0, 1) spreads the tries of entries that failed together.
    """
    asked = getattr(error, "after_s", None)
    if asked is not None:
        return float(asked) + jitter * max(0.2, 0.2 * float(asked))
    longest = 30.0 if isinstance(error, PASSING) else 600.0
    return min(max(entry.age_s / 2, 0.5), longest) * (0.75 + jitter / 2)


class EventHandler(Protocol):
    """What deals with the events of one workspace."""

    async def handle(self, event: Event) -> None:
        """Take one event in; when it raises, the event is to be handled again."""
        ...


class LoopRunner(Protocol):
    """Repeats steps until they are stopped."""

    def start(self, name: str, step: Callable[[], Awaitable[object]], every_s: float) -> None:
        """Repeat a step every so many seconds."""
        ...

    async def stop(self, *names: str) -> None:
        """End the loops of these names for good."""
        ...


class Worker:
    """Serves workspaces, each with what answers there; any number of workers may.

    `start` has it work in the loops of its process; it works until it is drained.
    """

    def __init__(self, inbox: Inbox, triages: Mapping[str, EventHandler]) -> None:
        self._inbox = inbox
        self._triages = triages
        self._held: dict[asyncio.Task[None], Entry] = {}
        self._calling: asyncio.Task[str | None] | None = None
        self._unfinished: set[str] = set()
        self._suspects: dict[str, float] = {}
        self._freed = asyncio.Event()
        self._taking = asyncio.Lock()

    def start(self, loops: LoopRunner) -> None:
        """Take entries, renew the leases of those in hand, and look for lost calls."""
        loops.start("worker", self.take, 0)
        loops.start("leases", self._renew, LEASE_S / 4)
        loops.start("sweep", self._inbox.sweep, _WAIT_S)

    async def drain(self, loops: LoopRunner, patience_s: float) -> None:
        """Take nothing more, and answer what was taken; what is left after a while is handed on."""
        async with self._taking:  # what is being handed out arrives
            await loops.stop("worker", "sweep")
        if self._held:
            await asyncio.wait(self._held, timeout=patience_s)
        for one in [*self._held, *filter(None, [self._calling])]:
            await end(one)
        await loops.stop("leases")

    async def _renew(self) -> None:
        await self._inbox.renew(list(self._held.values()))

    async def take(self) -> None:
        """Wait for a call, or for a free place where work was left; then take."""
        for one in [one for one, due in self._suspects.items() if due <= time.monotonic()]:
            await self._take_suspects(one)
        team = await self._next_team(_AT_ONCE - len(self._held))
        free = _AT_ONCE - len(self._held)
        if team is None or team not in self._triages or not free:
            return  # the workers of another workspace hear of it at their sweep
        running = Counter(entry.channel for entry in self._held.values() if entry.team == team)
        async with self._taking:
            taken = await self._inbox.take(team, free, _PER_CHANNEL, running)
            self._unfinished = self._unfinished - {team} | ({team} if taken.more else set())
            if taken.suspects:
                self._suspects.setdefault(team, 0.0)
            for entry in taken.entries:
                self._hold(entry)

    async def _take_suspects(self, team: str) -> None:
        """Answer entries that failed before, one at a time and with nothing else in hand.

        They get a second, and then all others have a turn; hands that are not empty in time, as
        with a long command, are looked at again later.
        """
        if self._held:
            await asyncio.wait(self._held, timeout=_EMPTY_S)
        if self._held:
            self._suspects[team] = time.monotonic() + _EMPTY_S
            return
        until = time.monotonic() + _ALONE_S
        while time.monotonic() < until:
            async with self._taking:
                entry = await self._inbox.take_suspect(team)
                if entry is None:
                    break
                task = self._hold(entry)
            await asyncio.wait({task})
        else:
            self._unfinished.add(team)
        self._suspects.pop(team)

    def _hold(self, entry: Entry) -> asyncio.Task[None]:
        task = watched("answer", self._answer(entry))
        self._held[task] = entry
        task.add_done_callback(self._ended)
        return task

    async def _next_team(self, free: int) -> str | None:
        if self._calling is None:
            self._calling = asyncio.create_task(self._inbox.wait_for_call(_WAIT_S))
        sources: set[asyncio.Task[Any]] = {self._calling} if free else set()
        if self._unfinished or not free:
            self._freed.clear()
            sources.add(asyncio.create_task(self._freed.wait()))
        done, _ = await asyncio.wait(sources, return_when=asyncio.FIRST_COMPLETED)
        for one in sources - {self._calling}:
            one.cancel()
        if self._calling in done:
            calling, self._calling = self._calling, None
            return calling.result()
        await asyncio.sleep(_GATHER_S)  # so that one step takes for several free places
        return next(iter(self._unfinished), None)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._held[task]
        self._freed.set()

    async def _answer(self, entry: Entry) -> None:
        if entry.strikes >= _STRIKES_MAX:
            reason = f"failed, or its worker died, {plural(entry.strikes, 'time')}"
            await self._until_stored(self._inbox.give_up, entry, reason)
            return
        try:
            async with asyncio.timeout(_HANGS_S) as limit:
                await self._triages[entry.team].handle(entry.event)
            await self._inbox.finish(entry)
        except Exception as error:  # noqa: BLE001 - sorted there: whatever it is, it is put away
            hung = HungError(f"no end after {_HANGS_S:g} s") if limit.expired() else None
            await self._failed(entry, hung or error)

    async def _failed(self, entry: Entry, error: Exception) -> None:
        """Try again what may pass; bury what is not mended in time, or fails each time."""
        passing = isinstance(error, PASSING)
        refused = isinstance(error, GatewayError) and not passing
        if isinstance(error, GatewayPacedError):
            log.info("event.paced", entry=entry.id, problem=str(error), after_s=error.after_s)
        elif passing or refused:
            said = str(error) if isinstance(error, GatewayError | StorageError) else ""
            log.warning("event.postponed", entry=entry.id, error=type(error).__name__, problem=said)
        else:
            log.error("event.failed", entry=entry.id, strikes=entry.strikes, exc_info=error)
        if refused and entry.age_s > _REFUSED_MAX_S:
            await self._until_stored(self._inbox.give_up, entry, str(error))
            return
        strike = 0 if passing or refused else 1
        if entry.strikes + strike >= _STRIKES_MAX:
            await self._until_stored(
                self._inbox.give_up, entry, f"{type(error).__name__} each time"
            )
            return
        wait = delay_s(entry, error, random.random())  # noqa: S311 - spreads tries, no secret
        await self._until_stored(self._inbox.postpone, entry, wait, strike)

    async def _until_stored(self, step: Callable[..., Awaitable[None]], *given: Any) -> None:
        """Put an entry away when the storage is back; a lease that ran out meanwhile decides."""
        until = time.monotonic() + LEASE_S
        while time.monotonic() < until:
            try:
                return await step(*given)
            except StorageUnavailableError:
                await asyncio.sleep(_PAUSE_S)
        return None
