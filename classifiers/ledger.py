"""The ledger of LLM costs: reserves the maximum cost of a request before it is sent."""

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
    """The costs of the LLM and its outages, shared by all processes."""

    async def reserve(
        self, usd: float, budget_usd: float | None, likely_usd: float = 0.0
    ) -> Reservation | None:
        """Reserve `usd` for a request; return None if the budget of the UTC day is spent.

        The last admitted request may exceed the budget. A reservation that is never settled counts
        as `likely_usd` in the end. Raise NotAskedError if the reservation cannot be stored.
        """
        ...

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by the real usage; if that fails, keep the reservation."""
        ...

    async def outage(self, reason: str | None) -> None:
        """Record why the LLM is not called, or None when it answers again; never raise."""
        ...


class UnsharedLedger:
    """A ledger in memory, for a single process."""

    def __init__(self) -> None:
        self.usd = 0.0
        self._held: dict[str, float] = {}
        self._numbers = count()

    async def reserve(
        self,
        usd: float,
        budget_usd: float | None,
        likely_usd: float = 0.0,  # noqa: ARG002 - this ledger ends with its process
    ) -> Reservation | None:
        """Reserve `usd` for a request; return None if the budget is spent."""
        if budget_usd is not None and self.usd >= budget_usd:
            return None
        found = Reservation(str(next(self._numbers)), "", usd)
        self._held[found.id] = usd
        self.usd += usd
        return found

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by the real usage."""
        held = self._held.pop(reservation.id, None)
        if held is not None:
            self.usd += usage.cost_usd - held

    async def outage(self, reason: str | None) -> None:
        """Do nothing: no other process shares this ledger."""
