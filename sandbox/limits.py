"""Slack's rate limits: calls per minute by method."""

import math
import time
from collections import defaultdict, deque

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
METHOD_TIERS = {
    "apps.connections.open": 1,
    "conversations.list": 2,
    "emoji.list": 2,
    "reactions.remove": 2,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "users.list": 2,
    "chat.delete": 3,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.join": 3,
    "conversations.open": 3,
    "conversations.replies": 3,
    "reactions.add": 3,
    "reactions.get": 3,
    "auth.test": 4,
    "chat.postEphemeral": 4,
    "conversations.members": 4,
    "files.completeUploadExternal": 4,
    "files.getUploadURLExternal": 4,
    "users.info": 4,
    "views.open": 4,
    "views.publish": 4,
    "views.update": 4,
}
POSTS_A_MINUTE = 60
POST_BURST = 5


class RateLimits:
    """Counts calls per method (posts: per channel) in a sliding window of `window` seconds."""

    def __init__(self, window: float) -> None:
        self.on = False
        self.window = window
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait(self, method: str, channel: str) -> int:
        """Count a call; return 0 if it is allowed, otherwise the whole seconds to wait."""
        if not self.on:
            return 0
        if method == "chat.postMessage":
            burst = self.window * POST_BURST / POSTS_A_MINUTE
            return self._take(f"{method} {channel}", POST_BURST, burst)
        tier = METHOD_TIERS.get(method)
        return 0 if tier is None else self._take(method, TIERS[tier], self.window)

    def clear(self) -> None:
        """Reset all counts."""
        self._calls.clear()

    def _take(self, key: str, allowed: int, window: float) -> int:
        now, calls = time.monotonic(), self._calls[key]
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= allowed:
            return max(1, math.ceil(calls[0] + window - now))
        calls.append(now)
        return 0
