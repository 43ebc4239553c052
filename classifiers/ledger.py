"""The LLM's cost: each request is reserved before it is made, at its maximum cost."""

from dataclasses import dataclass
from itertools import count
from typing import Protocol

from classifiers.base import Usage


@dataclass(frozen=True, slots=True)
class Reservation:
    """A request that counts as `usd`, its maximum cost, until it is settled."""

    id: str
    day: str
    usd: float


class Ledger(Protocol):
    """The LLM's cost, and whether it answers, shared by all processes."""

    async def reserve(
        self, usd: float, budget_usd: float | None, likely_usd: float = 0.0
    ) -> Reservation | None:
        """Reserve a request; return None if the UTC day's budget is spent.

        A request that is admitted last may pass the budget. One that nobody settles counts at
        `likely_usd` in the end. Raise NotAskedError where the request
        cannot be written down.
        """
        ...

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by the real usage; if that fails, the reservation stays."""
        ...

    async def outage(self, said: str | None) -> None:
        """Note why the LLM is not asked, None when it answers again; never raise."""
        ...


class UnsharedLedger:
    """The ledger of a single run in one process."""

    def __init__(self) -> None:
        self.usd = 0.0
        self._held: dict[str, float] = {}
        self._numbers = count()

    async def reserve(
        self,
        usd: float,
        budget_usd: float | None,
        likely_usd: float = 0.0,  # noqa: ARG002 - a dead process has no ledger left
    ) -> Reservation | None:
        """Count a request; None where the budget is spent."""
        if budget_usd is not None and self.usd >= budget_usd:
            return None
        found = Reservation(str(next(self._numbers)), "", usd)
        self._held[found.id] = usd
        self.usd += usd
        return found

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by what the request took."""
        held = self._held.pop(reservation.id, None)
        if held is not None:
            self.usd += usage.cost_usd - held

    async def outage(self, said: str | None) -> None:
        """Do nothing: no other process shares this ledger."""
