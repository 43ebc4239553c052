"""The interface of transports, which deliver to the app."""

from dataclasses import dataclass
from typing import Protocol

from sandbox.wire import Json


@dataclass(frozen=True)
class DeliveryAttempt:
    """The number of an attempt (0 is the first), and the reason of a retry."""

    number: int = 0
    reason: str = ""


class NotAckedError(Exception):
    """The app did not acknowledge: retry later, unless `final`."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Transport(Protocol):
    """A connection to the app: Socket Mode or signed HTTP."""

    async def send(self, kind: str, payload: Json, attempt: DeliveryAttempt) -> Json:
        """Deliver (`events_api`, `slash_commands`, `interactive`); return the ack's payload."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
