"""Takes events from the inbox and has them answered, several at a time, until told to stop."""

import asyncio

import structlog
from slack_sdk.errors import SlackApiError

from support_triage.bot.gateway import GatewayUnavailableError
from support_triage.bot.triage import Triage
from support_triage.classifiers.base import ClassifierUnavailableError
from support_triage.storage.connection import StorageUnavailableError
from support_triage.storage.inbox import Entry, Inbox

_AT_ONCE = 32
_WAIT_MS = 500
_PAUSE_S = 0.5
_DELIVERIES_MAX = 5
_PASSING = (
    GatewayUnavailableError,
    ClassifierUnavailableError,
    StorageUnavailableError,
    SlackApiError,
    OSError,
    TimeoutError,
)

log = structlog.get_logger()


class Worker:
    """One worker of the group; its name tells its entries from those of others."""

    def __init__(self, name: str, inbox: Inbox, triage: Triage) -> None:
        self._name = name
        self._inbox = inbox
        self._triage = triage
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what was taken is answered."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until stopped; when the storage is away, wait for it."""
        while not self._stopping.is_set():
            try:
                await self._take()
            except StorageUnavailableError as error:
                log.warning("worker.waits", error=type(error).__name__)
                await asyncio.sleep(_PAUSE_S)
        if self._running:
            await asyncio.wait(self._running)

    async def _take(self) -> None:
        free = _AT_ONCE - len(self._running)
        if free == 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return
        for entry in await self._inbox.take(self._name, free, _WAIT_MS):
            task = asyncio.create_task(self._answer(entry))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _answer(self, entry: Entry) -> None:
        """Answer one entry; what may pass stays in the inbox, what will not is buried."""
        try:
            await self._triage.handle(entry.event)
            await self._inbox.answered(entry)
        except _PASSING as error:
            log.warning("event.postponed", entry=entry.id, error=type(error).__name__)
        except Exception as error:
            log.exception("event.failed", entry=entry.id, deliveries=entry.deliveries)
            if entry.deliveries >= _DELIVERIES_MAX:
                await self._inbox.bury(entry, f"{type(error).__name__} in every try")
