"""How agents judged what the LLM answered: kept up to date with the standing examples."""

from collections.abc import Iterable

from support_triage.classifiers.worth import Judged
from support_triage.storage.examples import StoredExample

_LLM = "llm:"  # a version is llm:<model>:<hash of prompt and labels>


class TrackRecord:
    """Right and wrong answers of each model, by message.

    Only messages that the LLM labelled and an agent judged count. Agents judge what looks wrong
    first, so it is a cautious estimate; the local classifier's confidence, with which it is
    compared, is calibrated on the same judged messages.
    """

    def __init__(self) -> None:
        self._right: dict[str, tuple[str, bool]] = {}

    def put(self, examples: Iterable[StoredExample]) -> None:
        """Take in new or changed examples."""
        for one in examples:
            self._right.pop(one.id, None)
            judged = one.source != "import" and one.predicted is not None
            if judged and one.classifier.startswith(_LLM):
                model = one.classifier.removeprefix(_LLM).rpartition(":")[0]
                self._right[one.id] = model, one.predicted == one.label

    def remove(self, ids: Iterable[str]) -> None:
        """Forget the examples of these ids."""
        for identity in ids:
            self._right.pop(identity, None)

    def judged(self, model: str) -> Judged:
        """The counts of a model now."""
        found = [right for answered_by, right in self._right.values() if answered_by == model]
        return Judged(sum(found), len(found) - sum(found))
