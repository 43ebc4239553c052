"""A circuit breaker: pauses calls after a failure, longer with each failure in a row."""

from datetime import datetime, timedelta


class Breaker:
    """Pauses calls after a failure; the pause in seconds doubles from `first_s` to `longest_s`.

    After a pause, one caller tries. The others are refused until it reports a result, because a
    call to an endpoint that is down takes the whole timeout.
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._pause_s = first_s
        self._since: datetime | None = None
        self._until: datetime | None = None
        self._trying = False
        self._outage: str | None = None

    @property
    def outage(self) -> str | None:
        """Return since when and why calls are paused, or None after a success."""
        return self._outage

    def admits(self, now: datetime) -> bool:
        """Return True if the caller may try; it must then call `failed` or `succeeded`."""
        if self._until is None:
            return True
        if now < self._until:
            return False
        self._trying = True
        self._until = now + timedelta(seconds=self._pause_s)  # the caller may never report back
        return True

    def failed(self, now: datetime, reason: str) -> None:
        """Record a failure; simultaneous failures of one outage count once."""
        if self._until is not None and not self._trying:
            return
        self._trying = False
        self._since = self._since or now
        self._until = now + timedelta(seconds=self._pause_s)
        self._pause_s = min(2 * self._pause_s, self._longest_s)
        self._outage = (
            f"local model only since {self._since:%Y-%m-%d %H:%M:%S} UTC: {reason}; "
            f"next try after {self._until:%H:%M:%S} UTC"
        )

    def succeeded(self) -> None:
        """Record a success: calls are admitted, and the next pause is the shortest."""
        self._pause_s, self._trying = self._first_s, False
        self._since = self._until = self._outage = None
