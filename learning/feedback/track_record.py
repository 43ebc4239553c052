"""Keeps each LLM's right and wrong answers, as agents judged them."""

from collections.abc import Iterable, Sequence

from classifiers.cascade.worth import Judged
from classifiers.local.outcome_threshold import Outcomes
from learning.feedback.outcomes import outcomes
from storage.examples.examples import StoredExample
from storage.series import ShownAnswer

_LLM = "llm:"  # a version is llm:MODEL:HASH, the hash of prompt and labels


class TrackRecord:
    """Right and wrong answers of each LLM, by message, and the outcomes of the newest answers.

    For an LLM, only messages that it labelled and an agent judged count. Agents tend to judge
    wrong answers first, so the estimate is cautious. It is compared with the confidence of the
    local classifier, which is calibrated on the same judged messages.
    """

    def __init__(self) -> None:
        self._right: dict[str, tuple[str, bool]] = {}
        self._labels: dict[str, str] = {}
        self._answers: Sequence[ShownAnswer] = ()

    def put(self, examples: Iterable[StoredExample]) -> None:
        """Add or replace examples."""
        for example in examples:
            self.remove([example.id])
            if example.source != "import":
                self._labels[example.id] = example.label
            judged = example.source != "import" and example.predicted is not None
            if judged and example.classifier.startswith(_LLM):
                model = example.classifier.removeprefix(_LLM).rpartition(":")[0]
                self._right[example.id] = model, example.predicted == example.label

    def remove(self, ids: Iterable[str]) -> None:
        """Remove the examples with these ids."""
        for identity in ids:
            self._right.pop(identity, None)
            self._labels.pop(identity, None)

    def answered(self, answers: Sequence[ShownAnswer]) -> None:
        """Replace the newest answers; they are ordered oldest first."""
        self._answers = answers

    def outcomes(self, labels: Sequence[str]) -> Outcomes:
        """Return the outcomes of the newest answers, of guesses at `labels` only."""
        return outcomes(self._answers, self._labels, labels)

    def judged(self, model: str) -> Judged:
        """Return the right and wrong answers of a model."""
        found = [right for answered_by, right in self._right.values() if answered_by == model]
        return Judged(sum(found), len(found) - sum(found))
