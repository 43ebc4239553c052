"""The local classifier in many processes, each making the same one."""

from dataclasses import dataclass, field

from support_triage.classifiers.base import Classifier, LabelSet
from support_triage.classifiers.embedders import make_embedder
from support_triage.classifiers.factory import Parts, make_classifier
from support_triage.classifiers.index import EmbeddedIndex, Snapshot
from support_triage.classifiers.outcomes import Outcomes
from support_triage.classifiers.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Blueprint:
    """All that a process needs to make the classifier; examples come with their vectors."""

    label_set: LabelSet
    target_precision: float
    embedder: str
    known: Snapshot
    recipe: Recipe = field(default_factory=Recipe)
    outcomes: Outcomes = field(default_factory=Outcomes)

    def make(self, threads: int) -> Classifier:
        """The classifier, fitted."""
        embedder = make_embedder(self.embedder, threads)
        parts = Parts(embedder, EmbeddedIndex(embedder, self.known), lambda: self.outcomes)
        return make_classifier(
            "local", self.label_set, self.target_precision, None, parts=parts, recipe=self.recipe
        )
