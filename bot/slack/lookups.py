"""A bounded cache of Slack's answers, kept for minutes, with one call at a time for each."""

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
    asked,
)
from bot.slack.flights import Flights

_MOST = 4_096  # some 1 MB of names; the one that was used longest ago is forgotten first
_DEADLINE_S = 30.0  # for all pages of a list, waits for Slack's limits included
_AWAY_S = 2.0  # between tries while Slack is away
_REFUSED_S = 30.0  # between tries after a refusal, which somebody must mend first

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, when it was asked for, and when the newest try was; `error` if that failed.

    An `expired` answer is requested again; answers to earlier requests are not kept.
    """

    value: Any = None
    answered_at: float | None = None
    asked_at: float = float("-inf")
    error: GatewayError | None = None
    expired: bool = False

    def serves(self, outage_s: float | None) -> bool:
        """Return True if the answer is usable although the newest try failed."""
        if self.answered_at is None or outage_s is None:
            return self.answered_at is not None
        away = isinstance(self.error, GatewayUnavailableError)
        return away and time.monotonic() - self.answered_at <= outage_s

    def fresh(self, keep_s: float) -> bool:
        """Return True if Slack does not need to be asked yet."""
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
    """Answers by key. A caller who needs a running look-up waits for it."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._flights: Flights[_Kept] = Flights()

    def __len__(self) -> int:
        return len(self._kept)

    async def get(
        self,
        key: str,
        ask: Callable[[], Awaitable[Any]],
        keep_s: float,
        outage_s: float | None = None,
    ) -> Any:
        """Return Slack's answer, at most `keep_s` old; an older answer while Slack gives none.

        `key` names the method, and after a colon what is asked of it. Raises GatewayError where
        Slack never answered; with `outage_s`, also where Slack refuses now or has been away for
        longer. Give it for what people's rights depend on.
        """
        kept = self._kept.get(key, _Kept())
        if kept.fresh(keep_s):
            self._kept.move_to_end(key)
        else:
            kept = await self._flights.join(key, lambda: self._look_up(key, ask))
        if kept.error is not None and not kept.serves(outage_s):
            raise copy.copy(kept.error)
        return kept.value

    @property
    def problems(self) -> dict[str, str]:
        """Return the newest problem of each method whose last call failed."""
        failed = {key: one.error for key, one in self._kept.items() if one.error is not None}
        return {key.partition(":")[0]: str(error) for key, error in failed.items()}

    def expire(self, key: str) -> None:
        """Drop an answer that has changed, so that the next use asks Slack again."""
        there = self._kept.get(key, _Kept())
        self._keep(key, replace(there, asked_at=time.monotonic(), expired=True))
        self._flights.part(key)

    async def _look_up(self, key: str, ask: Callable[[], Awaitable[Any]]) -> _Kept:
        method, at = key.partition(":")[0], time.monotonic()
        try:
            async with asyncio.timeout(_DEADLINE_S):
                found = _Kept(await asked(method, ask), answered_at=at, asked_at=at)
        except TimeoutError:
            late = GatewayUnavailableError(f"{method}: TimeoutError")
            found = self._failed(key, at, late)
        except GatewayError as error:
            found = self._failed(key, at, error)
        if found.error is not None and found.answered_at is not None:
            log.warning("lookups.stale", method=method, problem=str(found.error))
        self._keep(key, found)
        return found

    def _failed(self, key: str, at: float, error: GatewayError) -> _Kept:
        there = self._kept.get(key, _Kept())
        return replace(there, asked_at=at, error=error, expired=False)

    def _keep(self, key: str, found: _Kept) -> None:
        there = self._kept.get(key)
        if there is None or there.asked_at <= found.asked_at:
            self._kept[key] = found
            self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
