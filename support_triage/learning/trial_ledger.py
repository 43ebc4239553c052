"""What a comparison may spend: what is left of the day's budget for the LLM."""

from collections.abc import Sequence
from dataclasses import dataclass

from support_triage.classifiers.base import Usage
from support_triage.storage.models import ModelError
from support_triage.storage.spending import Spending


@dataclass(frozen=True)
class TrialLedger:
    """Counts in the workspace's budget, and ends the trial where that is spent.

    A cascade would go on with its local half alone, and that would answer for the whole.
    """

    spending: Spending
    daily_budget_usd: float | None

    async def spent_usd(self) -> float:
        """US dollars spent today (UTC); ModelError where none are left."""
        spent, budget = await self.spending.spent_usd(), self.daily_budget_usd
        if budget is not None and spent >= budget:
            raise ModelError(
                f"nothing was compared: today's budget ([llm] daily_budget_usd = {budget:g}) is "
                "spent; try again after 00:00 UTC, or raise it"
            )
        return spent

    async def add(self, usages: Sequence[Usage]) -> None:
        """Note requests."""
        await self.spending.add_trial(usages)

    async def outage(self, said: str | None) -> None:
        """What a trial meets says nothing of the LLM in use."""
