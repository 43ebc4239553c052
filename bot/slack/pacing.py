"""Keep calls to Slack below its rate limits, across all processes of a workspace."""

import asyncio

from bot.config.config import PacingConfig
from storage.server.limiter import Limiter, Rate

# Calls per number of seconds, for the workspace; chat.postMessage is limited per channel.
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
_STEADY = 0.8  # share of a limit that is spread evenly; the rest allows bursts


class Pacing:
    """Grant turns to call Slack's methods."""

    def __init__(self, limiter: Limiter, config: PacingConfig) -> None:
        self._limiter = limiter
        self._factor = config.factor

    def _rate(self, method: str, channel: str) -> tuple[str, Rate]:
        limit, window_s = _LIMITS[method]
        allowed = limit * (self._factor or 1.0)
        rate = Rate(window_s / (allowed * _STEADY), max(1, round(allowed * (1 - _STEADY))))
        return (f"{method}:{channel}" if method == "chat.postMessage" else method), rate

    async def turn(self, method: str, channel: str, patience_s: float, *, urgent: bool) -> float:
        """Wait for a turn and return 0; if it exceeds `patience_s`, return the seconds until then.

        Calls that are not urgent leave half of a burst to urgent calls.
        """
        if self._factor == 0:
            return 0.0
        name, rate = self._rate(method, channel)
        taken, wait = await self._limiter.take(
            name, rate, patience_s=patience_s, reserve=0 if urgent else rate.burst // 2
        )
        if not taken:
            return wait
        if wait:
            await asyncio.sleep(wait)
        return 0.0

    async def hold_off(self, method: str, channel: str, seconds: float) -> None:
        """Delay the next turn of a method by some seconds, as Slack asked."""
        name, rate = self._rate(method, channel)
        await self._limiter.hold_off(name, rate, seconds)
