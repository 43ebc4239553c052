"""The local classifier in many processes, each making the same one."""

from dataclasses import dataclass, field

from classifiers.base import Classifier, LabelSet
from classifiers.embedding.embedders import make_embedder
from classifiers.embedding.index import EmbeddedIndex, IndexState
from classifiers.factory import Shared, make_classifier
from classifiers.local.outcome_threshold import Outcomes
from classifiers.local.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Blueprint:
    """All that a process needs to make the classifier; examples come with their vectors."""

    label_set: LabelSet
    target_precision: float
    embedder: str
    known: IndexState
    recipe: Recipe = field(default_factory=Recipe)
    outcomes: Outcomes = field(default_factory=Outcomes)

    def make(self, threads: int) -> Classifier:
        """The classifier, fitted."""
        embedder = make_embedder(self.embedder, threads)
        parts = Shared(embedder, EmbeddedIndex(embedder, self.known), lambda: self.outcomes)
        return make_classifier(
            "local", self.label_set, self.target_precision, None, parts=parts, recipe=self.recipe
        )
