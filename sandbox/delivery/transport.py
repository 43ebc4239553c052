"""How something reaches the app: what every way of delivery offers."""

from dataclasses import dataclass
from typing import Protocol

from sandbox.wire import Json


@dataclass(frozen=True)
class DeliveryAttempt:
    """Which try this is (0 is the first), and why there is another one."""

    number: int = 0
    reason: str = ""


class NotAckedError(Exception):
    """The app did not take it; the caller tries again later unless `final`."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Transport(Protocol):
    """A way to the app."""

    async def send(self, kind: str, payload: Json, attempt: DeliveryAttempt) -> Json:
        """Deliver (`events_api`, `slash_commands`, `interactive`); answers what the ack carried."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
