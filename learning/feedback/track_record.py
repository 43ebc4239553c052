"""How agents judged what was answered: kept up to date with the standing examples."""

from collections.abc import Iterable, Sequence

from classifiers.cascade.worth import Judged
from classifiers.local.outcome_threshold import Outcomes
from learning.feedback.outcomes import outcomes
from storage.examples.examples import StoredExample
from storage.series import ShownAnswer

_LLM = "llm:"  # a version is llm:<model>:<hash of prompt and labels>


class TrackRecord:
    """Right and wrong answers of each LLM, by message, and what became of the newest answers.

    Of an LLM, only messages that it labelled and an agent judged count. Agents judge what looks
    wrong first, so it is a cautious estimate; the local classifier's confidence, with which it is
    compared, is calibrated on the same judged messages.
    """

    def __init__(self) -> None:
        self._right: dict[str, tuple[str, bool]] = {}
        self._labels: dict[str, str] = {}
        self._answers: Sequence[ShownAnswer] = ()

    def put(self, examples: Iterable[StoredExample]) -> None:
        """Take in new or changed examples."""
        for one in examples:
            self.remove([one.id])
            if one.source != "import":
                self._labels[one.id] = one.label
            judged = one.source != "import" and one.predicted is not None
            if judged and one.classifier.startswith(_LLM):
                model = one.classifier.removeprefix(_LLM).rpartition(":")[0]
                self._right[one.id] = model, one.predicted == one.label

    def remove(self, ids: Iterable[str]) -> None:
        """Forget the examples of these ids."""
        for identity in ids:
            self._right.pop(identity, None)
            self._labels.pop(identity, None)

    def answered(self, answers: Sequence[ShownAnswer]) -> None:
        """Take the newest answers, oldest first, for those known before."""
        self._answers = answers

    def outcomes(self, labels: Sequence[str]) -> Outcomes:
        """What became of them, as far as they named one of `labels`."""
        return outcomes(self._answers, self._labels, labels)

    def judged(self, model: str) -> Judged:
        """The counts of a model now."""
        found = [right for answered_by, right in self._right.values() if answered_by == model]
        return Judged(sum(found), len(found) - sum(found))
