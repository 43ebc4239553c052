"""Measures the accuracy of the bot's labels by agents' corrections and confirmations."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from storage.examples.examples import StoredExample


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Counts over judged messages; `per_label` has (label, found by the bot, total)."""

    judged: int
    answered: int
    right: int
    per_label: tuple[tuple[str, int, int], ...]

    @property
    def precision(self) -> float | None:
        """Return the share of given labels that are right, or None if none was judged."""
        return self.right / self.answered if self.answered else None


async def measure(examples: AsyncIterator[StoredExample]) -> Accuracy:
    """Compare each agent's label with the prediction it judged; skip imported examples."""
    judged: Counter[str] = Counter()
    found: Counter[str] = Counter()
    answered = 0
    async for example in examples:
        if example.source == "import":
            continue
        judged[example.label] += 1
        answered += example.predicted is not None
        found[example.label] += example.predicted == example.label
    rows = tuple((label, found[label], total) for label, total in sorted(judged.items()))
    return Accuracy(judged.total(), answered, found.total(), rows)
