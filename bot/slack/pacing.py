"""Slack's limits, and a turn for each call that stays below them, whatever process it is in."""

import asyncio

from bot.config.config import PacingConfig
from storage.server.limiter import Limiter, Rate

# Calls in so many seconds, of the workspace; for chat.postMessage, of a channel.
_TIER_2, _TIER_3, _TIER_4 = (20, 60.0), (50, 60.0), (100, 60.0)
_LIMITS = {
    "chat.postMessage": (5, 5.0),
    "chat.update": _TIER_3,
    "chat.delete": _TIER_3,
    "reactions.add": _TIER_3,
    "reactions.remove": _TIER_2,
    "conversations.history": _TIER_3,
    "conversations.open": _TIER_3,
    "files.upload": _TIER_4,
}
_STEADY = 0.8  # of a limit at an even pace; the rest is for bursts


class Pacing:
    """Turns at Slack's methods."""

    def __init__(self, limiter: Limiter, config: PacingConfig) -> None:
        self._limiter = limiter
        self._factor = config.factor

    def _pace(self, method: str, channel: str) -> tuple[str, Rate]:
        limit, window_s = _LIMITS[method]
        allowed = limit * (self._factor or 1.0)
        pace = Rate(window_s / (allowed * _STEADY), max(1, round(allowed * (1 - _STEADY))))
        return (f"{method}:{channel}" if method == "chat.postMessage" else method), pace

    async def turn(self, method: str, channel: str, patience_s: float, *, urgent: bool) -> float:
        """Wait for a turn that comes in time: 0; else the seconds until there may be one.

        What is not urgent leaves half of a burst to what is.
        """
        if self._factor == 0:
            return 0.0
        name, pace = self._pace(method, channel)
        taken, wait = await self._limiter.take(
            name, pace, patience_s=patience_s, reserve=0 if urgent else pace.burst // 2
        )
        if not taken:
            return wait
        if wait:
            await asyncio.sleep(wait)
        return 0.0

    async def hold_off(self, method: str, channel: str, seconds: float) -> None:
        """Slack asked to wait: nobody calls this before."""
        name, pace = self._pace(method, channel)
        await self._limiter.hold_off(name, pace, seconds)
