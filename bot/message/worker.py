"""Take events from the inbox and handle many of them concurrently."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog

from bot.slack.errors import RETRYABLE, GatewayError, GatewayPacedError
from bot.tasks import HungError, end, watched
from classifiers.plural import plural
from storage.errors import StorageError, StorageUnavailableError
from storage.inbox.events import Event
from storage.inbox.inbox import LEASE_S, Entry, Inbox

_AT_ONCE = 128
_PER_CHANNEL = 64  # a flooded channel leaves half of the slots to other channels
_WAIT_S = 0.5
_PAUSE_S = 0.5
_GATHER_S = 0.005
_STRIKES_MAX = 6  # another event may cause the first; the other five tries run alone
_ALONE_S = 1.0  # time for suspects, then other entries get a turn
_EMPTY_S = 2.0  # most to wait for in-flight entries: a command may take much longer
_REFUSED_MAX_S = 3600.0
_HANGS_S = 3600.0  # longer than the longest command; a hung event gives its slot back

log = structlog.get_logger()


def delay_s(entry: Entry, error: Exception, jitter: float) -> float:
    """Return the seconds until the next try: as Slack asked, or half the entry's age.

    The delay grows by half each time, up to 30 s for outages and 10 minutes for problems that
    somebody must fix. `jitter` in [0, 1) spreads entries that failed together.
    """
    asked = getattr(error, "after_s", None)
    if asked is not None:
        return float(asked) + jitter * max(0.2, 0.2 * float(asked))
    longest = 30.0 if isinstance(error, RETRYABLE) else 600.0
    return min(max(entry.age_s / 2, 0.5), longest) * (0.75 + jitter / 2)


class EventHandler(Protocol):
    """A handler of the events of one workspace."""

    async def handle(self, event: Event) -> None:
        """Handle an event; if this raises, deliver the event again."""
        ...


class LoopRunner(Protocol):
    """Run steps repeatedly until they are stopped."""

    def start(self, name: str, step: Callable[[], Awaitable[object]], every_s: float) -> None:
        """Run a step every `every_s` seconds."""
        ...

    async def stop(self, *names: str) -> None:
        """Stop the loops of these names."""
        ...


class Worker:
    """Handle the events of workspaces, by team; any number of workers may run.

    It runs in the loops of its process from `start` to `drain`.
    """

    def __init__(self, inbox: Inbox, handlers: Mapping[str, EventHandler]) -> None:
        self._inbox = inbox
        self._handlers = handlers
        self._held: dict[asyncio.Task[None], Entry] = {}
        self._wake_up: asyncio.Task[str | None] | None = None
        self._unfinished: set[str] = set()
        self._suspects: dict[str, float] = {}
        self._freed = asyncio.Event()
        self._taking = asyncio.Lock()

    def start(self, loops: LoopRunner) -> None:
        """Start to take entries, renew leases of in-flight entries, and look for lost wake-ups."""
        loops.start("worker", self.take, 0)
        loops.start("leases", self._renew, LEASE_S / 4)
        loops.start("sweep", self._inbox.sweep, _WAIT_S)

    async def drain(self, loops: LoopRunner, patience_s: float) -> None:
        """Stop taking entries, finish in-flight ones, and cancel the rest after `patience_s`.

        Other workers take cancelled entries when their leases expire.
        """
        async with self._taking:  # wait until `take` has the batch that it asked for
            await loops.stop("worker", "sweep")
        if self._held:
            await asyncio.wait(self._held, timeout=patience_s)
        for task in [*self._held, *filter(None, [self._wake_up])]:
            await end(task)
        await loops.stop("leases")

    async def _renew(self) -> None:
        await self._inbox.renew(list(self._held.values()))

    async def take(self) -> None:
        """Wait for work or a free slot, then take a batch."""
        for team in [team for team, due in self._suspects.items() if due <= time.monotonic()]:
            await self._take_suspects(team)
        chosen = await self._next_team(_AT_ONCE - len(self._held))
        free = _AT_ONCE - len(self._held)
        if chosen is None or chosen not in self._handlers or not free:
            return  # workers of that workspace find its entries when they sweep
        running = Counter(entry.channel for entry in self._held.values() if entry.team == chosen)
        async with self._taking:
            batch = await self._inbox.take(chosen, free, _PER_CHANNEL, running)
            self._unfinished = self._unfinished - {chosen} | ({chosen} if batch.more else set())
            if batch.suspects:
                self._suspects.setdefault(chosen, 0.0)
            for entry in batch.entries:
                self._hold(entry)

    async def _take_suspects(self, team: str) -> None:
        """Handle entries that failed before, one at a time with nothing else in flight.

        They get one second, then other entries have a turn. If in-flight entries do not finish in
        time, such as a long command, try again later.
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
        if self._wake_up is None:
            self._wake_up = asyncio.create_task(self._inbox.wait_for_call(_WAIT_S))
        sources: set[asyncio.Task[Any]] = {self._wake_up} if free else set()
        if self._unfinished or not free:
            self._freed.clear()
            sources.add(asyncio.create_task(self._freed.wait()))
        done, _ = await asyncio.wait(sources, return_when=asyncio.FIRST_COMPLETED)
        for source in sources - {self._wake_up}:
            source.cancel()
        if self._wake_up in done:
            wake_up, self._wake_up = self._wake_up, None
            return wake_up.result()
        await asyncio.sleep(_GATHER_S)  # wait for more slots, to fill several in one step
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
                await self._handlers[entry.team].handle(entry.event)
            await self._inbox.finish(entry)
        except Exception as error:  # noqa: BLE001 - _failed handles every error
            hung = HungError(f"not finished after {_HANGS_S:g} s") if limit.expired() else None
            await self._failed(entry, hung or error)

    async def _failed(self, entry: Entry, error: Exception) -> None:
        """Retry an entry later, or make it a dead letter after too many failures or too long."""
        retryable = isinstance(error, RETRYABLE)
        refused = isinstance(error, GatewayError) and not retryable
        if isinstance(error, GatewayPacedError):
            log.info("event.paced", entry=entry.id, problem=str(error), after_s=error.after_s)
        elif retryable or refused:
            problem = str(error) if isinstance(error, GatewayError | StorageError) else ""
            log.warning(
                "event.postponed", entry=entry.id, error=type(error).__name__, problem=problem
            )
        else:
            log.error("event.failed", entry=entry.id, strikes=entry.strikes, exc_info=error)
        if refused and entry.age_s > _REFUSED_MAX_S:
            await self._until_stored(self._inbox.give_up, entry, str(error))
            return
        strike = 0 if retryable or refused else 1
        if entry.strikes + strike >= _STRIKES_MAX:
            await self._until_stored(
                self._inbox.give_up, entry, f"{type(error).__name__} each time"
            )
            return
        wait = delay_s(entry, error, random.random())  # noqa: S311 - spreads tries, not a secret
        await self._until_stored(self._inbox.postpone, entry, wait, strike)

    async def _until_stored(self, step: Callable[..., Awaitable[None]], *given: Any) -> None:
        """Retry a step until Redis answers, or until the lease of the entry has expired."""
        until = time.monotonic() + LEASE_S
        while time.monotonic() < until:
            try:
                return await step(*given)
            except StorageUnavailableError:
                await asyncio.sleep(_PAUSE_S)
        return None
