"""A bounded cache of Slack's answers with at most one running call per key."""

import asyncio
import copy
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.slack.errors import (
    GatewayError,
    GatewayUnavailableError,
    call_slack,
)
from bot.slack.flights import Flights

_MOST = 4_096  # about 1 MB of names; the least recently used is dropped first
_DEADLINE_S = 30.0  # for all pages of a list, including waits for rate limits
_AWAY_S = 2.0  # between tries during an outage
_REFUSED_S = 30.0  # between tries after a refusal, which an operator must fix

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Entry:
    """An answer with the times (monotonic) of its request and of the newest try.

    `error` is set if the newest try failed. An `expired` entry is requested again.
    """

    value: Any = None
    answered_at: float | None = None
    asked_at: float = float("-inf")
    error: GatewayError | None = None
    expired: bool = False

    def serves(self, outage_s: float | None) -> bool:
        """Return True if the answer may be used although the newest try failed."""
        if self.answered_at is None or outage_s is None:
            return self.answered_at is not None
        away = isinstance(self.error, GatewayUnavailableError)
        return away and time.monotonic() - self.answered_at <= outage_s

    def fresh(self, keep_s: float) -> bool:
        """Return True if it is too early for another try."""
        if self.expired:
            return False
        match self.error:
            case None:
                wait = keep_s
            case GatewayUnavailableError(after_s=after):
                wait = after or _AWAY_S
            case _:
                wait = _REFUSED_S
        return time.monotonic() - self.asked_at < wait


class Lookups:
    """Cached answers by key; concurrent callers share one look-up."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._flights: Flights[_Entry] = Flights()

    def __len__(self) -> int:
        return len(self._entries)

    async def get(
        self,
        key: str,
        ask: Callable[[], Awaitable[Any]],
        keep_s: float,
        outage_s: float | None = None,
    ) -> Any:
        """Return Slack's answer, at most `keep_s` seconds old, or an older one if Slack fails.

        `key` is the method, optionally with a colon and its argument. Raise GatewayError if there
        is no answer. With `outage_s`, raise it also if Slack refuses, or if the answer is older
        than `outage_s` during an outage: use this for answers that grant rights.
        """
        entry = self._entries.get(key, _Entry())
        if entry.fresh(keep_s):
            self._entries.move_to_end(key)
        else:
            entry = await self._flights.join(key, lambda: self._look_up(key, ask))
        if entry.error is not None and not entry.serves(outage_s):
            raise copy.copy(entry.error)
        return entry.value

    @property
    def problems(self) -> dict[str, str]:
        """Return the newest problem of each method whose last call failed."""
        failed = {
            key: entry.error for key, entry in self._entries.items() if entry.error is not None
        }
        return {key.partition(":")[0]: str(error) for key, error in failed.items()}

    def expire(self, key: str) -> None:
        """Mark an answer as outdated, so that the next caller asks Slack again."""
        before = self._entries.get(key, _Entry())
        self._store(key, replace(before, asked_at=time.monotonic(), expired=True))
        self._flights.part(key)

    async def _look_up(self, key: str, ask: Callable[[], Awaitable[Any]]) -> _Entry:
        method, at = key.partition(":")[0], time.monotonic()
        try:
            async with asyncio.timeout(_DEADLINE_S):
                found = _Entry(await call_slack(method, ask), answered_at=at, asked_at=at)
        except TimeoutError:
            late = GatewayUnavailableError(f"{method}: TimeoutError")
            found = self._failed(key, at, late)
        except GatewayError as error:
            found = self._failed(key, at, error)
        if found.error is not None and found.answered_at is not None:
            log.warning("lookups.stale", method=method, problem=str(found.error))
        self._store(key, found)
        return found

    def _failed(self, key: str, at: float, error: GatewayError) -> _Entry:
        before = self._entries.get(key, _Entry())
        return replace(before, asked_at=at, error=error, expired=False)

    def _store(self, key: str, found: _Entry) -> None:
        before = self._entries.get(key)
        if before is None or before.asked_at <= found.asked_at:
            self._entries[key] = found
            self._entries.move_to_end(key)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)
