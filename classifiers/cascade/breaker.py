"""Leaves what failed alone for a while, longer with each failure in a row."""

from datetime import datetime, timedelta


class Breaker:
    """Open after a failure; the pause doubles from `first_s` to `longest_s` at most.

    After a pause one caller tries, and the others wait for what it finds: where nothing answers,
    each try costs a deadline.
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._pause_s = first_s
        self._since: datetime | None = None
        self._until: datetime | None = None
        self._trying = False
        self._said: str | None = None

    @property
    def said(self) -> str | None:
        """Since when and why it is left alone, until the next success; None when all is well."""
        return self._said

    def admits(self, now: datetime) -> bool:
        """Whether the caller may try; whoever may tells of `failed` or `succeeded`."""
        if self._until is None:
            return True
        if now < self._until:
            return False
        self._trying = True
        self._until = now + timedelta(seconds=self._pause_s)  # in case it is never heard of again
        return True

    def failed(self, now: datetime, reason: str) -> None:
        """Note a failure; one outage met by several at once counts once."""
        if self._until is not None and not self._trying:
            return
        self._trying = False
        self._since = self._since or now
        self._until = now + timedelta(seconds=self._pause_s)
        self._pause_s = min(2 * self._pause_s, self._longest_s)
        self._said = (
            f"local alone since {self._since:%Y-%m-%d %H:%M:%S} UTC: {reason}; "
            f"next try after {self._until:%H:%M:%S} UTC"
        )

    def succeeded(self) -> None:
        """All is well again."""
        self._pause_s, self._trying = self._first_s, False
        self._since = self._until = self._said = None
