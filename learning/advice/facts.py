"""Computes a team's numbers, on which advice is based, from stored examples and answers."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from learning.advice.curve import Curve
from storage.examples.examples import Correction, StoredExample
from storage.series import ShownAnswer

_MONTH_S = 30 * 24 * 3600.0
_SPAN_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """The number of messages that two or more agents judged, and of those judged the same."""

    messages: int
    same: int

    @property
    def share(self) -> float:
        """Return the share of messages that were judged the same."""
        return self.same / self.messages if self.messages else 0.0


@dataclass(frozen=True, slots=True)
class PromptingRecord:
    """Judged labels of a kind of classifier, with the accuracy of the `older` and `newer` half."""

    count: int
    right: int
    older: float
    newer: float

    @property
    def share(self) -> float:
        """Return the share of right labels."""
        return self.right / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """A team's numbers; None if unknown.

    `per_month` is the number of messages, `llm_usd` the cost of the LLM per 1,000 messages of any
    kind, `times_ms` the median time to answer by kind of classifier.
    """

    counts: Mapping[str, int]
    labels: tuple[str, ...]
    agreement: Agreement
    curve: Curve | None
    per_month: float | None
    prompting: PromptingRecord
    llm_usd: float | None
    times_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def examples(self) -> int:
        """Return the number of examples of the current labels."""
        return sum(self.counts.get(label, 0) for label in self.labels)

    @property
    def fewest(self) -> tuple[str, int]:
        """Return the label with the fewest examples, and their number."""
        counts = ((label, self.counts.get(label, 0)) for label in self.labels)
        return min(counts, key=lambda pair: pair[1])


def agreement(histories: Sequence[Sequence[Correction]]) -> Agreement:
    """Return how often agents who judged the same message agreed, by their last labels."""
    found: Counter[bool] = Counter()
    for history in histories:
        last = {step.who: step.after for step in history if step.after is not None}
        if len(last) > 1:
            found[len(set(last.values())) == 1] += 1
    return Agreement(found.total(), found[True])


def judged(examples: Sequence[StoredExample], kind: str) -> PromptingRecord:
    """Return the record of classifiers whose version begins with `kind`, such as `llm:`."""
    oldest_first = sorted(
        (
            example
            for example in examples
            if example.predicted is not None and example.source != "import"
            if example.classifier.startswith(kind)
        ),
        key=lambda example: float(example.when),
    )
    hits = [example.predicted == example.label for example in oldest_first]
    half = len(hits) // 2
    older, newer = hits[:half], hits[half:]
    return PromptingRecord(
        len(hits), sum(hits), sum(older) / max(1, len(older)), sum(newer) / max(1, len(newer))
    )


def per_month(answers: Sequence[ShownAnswer], now: float | None = None) -> float | None:
    """Return the messages in 30 days at the current rate, or None with less than a day of data."""
    if not answers:
        return None
    span = (time.time() if now is None else now) - answers[0].at
    return len(answers) / span * _MONTH_S if span >= _SPAN_S else None


def times(answers: Sequence[ShownAnswer]) -> dict[str, float]:
    """Return the median milliseconds by kind of classifier: `local`, `llm`."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for answer in answers:
        found[answer.classifier.partition(":")[0]].append(answer.ms)
    return {kind: median(values) for kind, values in found.items() if kind}
