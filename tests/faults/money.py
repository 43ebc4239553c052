"""The cost of requests to the LLM, and the allowed cost."""

from dataclasses import dataclass

_REACHED = 0.9


@dataclass(frozen=True)
class Money:
    """US dollars by the server's count; `more` may be spent above the budget."""

    spent: float
    budget: float | None = None
    more: float = 0.0

    def __str__(self) -> str:
        return f"{self.spent:.2f}" + ("" if self.budget is None else f" of {self.budget:.2f}")

    def broken(self) -> list[str]:
        """Return a problem if more was spent than allowed, or too little to test the budget."""
        if self.budget is None:
            return []
        allowed = self.budget + self.more
        if self.spent > allowed:
            return [f"money: $ {self.spent:.3f} spent, at most $ {allowed:.3f} allowed"]
        if self.spent < _REACHED * self.budget:
            return [f"money: $ {self.spent:.3f} spent, so the budget was not reached"]
        return []
