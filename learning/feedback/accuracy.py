"""The bot's own labels against what agents said of them."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from storage.examples.examples import StoredExample


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Counts over judged messages; `per_label` is (label, found by the bot, all)."""

    judged: int
    answered: int
    right: int
    per_label: tuple[tuple[str, int, int], ...]

    @property
    def precision(self) -> float | None:
        """Return the share of right labels among those given, None if none was judged."""
        return self.right / self.answered if self.answered else None


async def measure(examples: AsyncIterator[StoredExample]) -> Accuracy:
    """Compare each agent's label with the prediction it judged; imports were never judged."""
    judged: Counter[str] = Counter()
    found: Counter[str] = Counter()
    answered = 0
    async for one in examples:
        if one.source == "import":
            continue
        judged[one.label] += 1
        answered += one.predicted is not None
        found[one.label] += one.predicted == one.label
    rows = tuple((label, found[label], total) for label, total in sorted(judged.items()))
    return Accuracy(judged.total(), answered, found.total(), rows)
