"""What a comparison may spend: what is left of the day's budget for the LLM."""

from dataclasses import dataclass

from support_triage.classifiers.base import Usage
from support_triage.classifiers.ledger import Reservation
from support_triage.storage.models import ModelError
from support_triage.storage.spending import Spending


@dataclass
class TrialLedger:
    """Counts in the workspace's budget, and remembers that it was spent before the end.

    A cascade goes on with its local half alone then, and that must not answer for the whole.
    """

    spending: Spending
    daily_budget_usd: float | None
    spent: bool = False

    async def reserve(
        self, usd: float, budget_usd: float | None, likely_usd: float = 0.0
    ) -> Reservation | None:
        """Count a request of a comparison; see `Spending.reserve`."""
        found = await self.spending.reserve(usd, budget_usd, likely_usd)
        self.spent = self.spent or found is None
        return found

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by what the request took."""
        await self.spending.settle(reservation, usage)

    async def outage(self, said: str | None) -> None:
        """Tell nobody; see `Spending.outage`."""

    def check(self) -> None:
        """ModelError where the budget did not suffice for all that was to be asked."""
        if self.spent:
            raise ModelError(
                "nothing was compared: today's budget ([llm] daily_budget_usd = "
                f"{self.daily_budget_usd:g}) is spent; try again after 00:00 UTC, or raise it"
            )
