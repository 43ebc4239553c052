"""What a server of an LLM was asked costs, beside what was allowed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Money:
    """US dollars by the count of the server; `allowed` is None without a budget."""

    spent: float
    allowed: float | None = None

    def __str__(self) -> str:
        return (
            f"{self.spent:.2f}" if self.allowed is None else f"{self.spent:.2f}/{self.allowed:.2f}"
        )

    def broken(self) -> list[str]:
        """Return a sentence if more was spent than allowed, or if nothing was asked at all."""
        if self.allowed is None:
            return []
        if not self.spent:
            return ["money: the LLM was never asked, so that nothing was measured"]
        over = f"money: $ {self.spent:.3f} spent, at most $ {self.allowed:.3f} allowed"
        return [over] if self.spent > self.allowed else []
