"""What advice rests on: numbers of one team, gathered from what is stored."""

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
    """Messages that two agents or more spoke on, and those on which they said the same."""

    messages: int
    same: int

    @property
    def share(self) -> float:
        """Share on which they agreed."""
        return self.same / self.messages if self.messages else 0.0


@dataclass(frozen=True, slots=True)
class PromptingRecord:
    """Labels that a kind of classifier gave and agents judged; halves are older and newer."""

    count: int
    right: int
    older: float
    newer: float

    @property
    def share(self) -> float:
        """Share of right ones."""
        return self.right / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """A team's numbers; None where they are not known.

    `per_month` are messages, `llm_usd` what the LLM costs for 1,000 of all messages, `times_ms`
    the median time to answer by kind of classifier.
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
        """Examples of labels that exist."""
        return sum(self.counts.get(label, 0) for label in self.labels)

    @property
    def fewest(self) -> tuple[str, int]:
        """The label with the fewest examples."""
        return min(
            ((label, self.counts.get(label, 0)) for label in self.labels), key=lambda one: one[1]
        )


def agreement(histories: Sequence[Sequence[Correction]]) -> Agreement:
    """How often agents who spoke on one message said the same, each by their last word."""
    found: Counter[bool] = Counter()
    for history in histories:
        last = {step.who: step.after for step in history if step.after is not None}
        if len(last) > 1:
            found[len(set(last.values())) == 1] += 1
    return Agreement(found.total(), found[True])


def judged(examples: Sequence[StoredExample], kind: str) -> PromptingRecord:
    """The labels given by classifiers whose version begins with `kind`, such as `llm:`."""
    mine = sorted(
        (
            one
            for one in examples
            if one.predicted is not None and one.source != "import"
            if one.classifier.startswith(kind)
        ),
        key=lambda one: float(one.when),
    )
    hits = [one.predicted == one.label for one in mine]
    half = len(hits) // 2
    older, newer = hits[:half], hits[half:]
    return PromptingRecord(
        len(hits), sum(hits), sum(older) / max(1, len(older)), sum(newer) / max(1, len(newer))
    )


def per_month(answers: Sequence[ShownAnswer], now: float | None = None) -> float | None:
    """Messages in 30 days at the present rate; None with less than a day to go by."""
    if not answers:
        return None
    span = (time.time() if now is None else now) - answers[0].at
    return len(answers) / span * _MONTH_S if span >= _SPAN_S else None


def times(answers: Sequence[ShownAnswer]) -> dict[str, float]:
    """Median milliseconds by the kind of classifier: `local`, `llm`."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in answers:
        found[one.classifier.partition(":")[0]].append(one.ms)
    return {kind: median(values) for kind, values in found.items() if kind}
