"""A picklable description of a local classifier, from which each process builds the same one."""

from dataclasses import dataclass, field

from classifiers.base import Classifier, LabelSet
from classifiers.embedding.embedders import make_embedder
from classifiers.embedding.index import EmbeddedIndex, IndexState
from classifiers.factory import LocalUse, Shared, make_classifier
from classifiers.local.outcome_threshold import Outcomes
from classifiers.local.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The parts from which a process builds the classifier; `known` are examples and vectors."""

    label_set: LabelSet
    target_precision: float
    embedder: str
    known: IndexState
    recipe: Recipe = field(default_factory=Recipe)
    outcomes: Outcomes = field(default_factory=Outcomes)

    def make(self, threads: int) -> Classifier:
        """Return the fitted classifier, whose embedder uses `threads` threads."""
        embedder = make_embedder(self.embedder, threads)
        parts = Shared(embedder, EmbeddedIndex(embedder, self.known), lambda: self.outcomes)
        return make_classifier(
            "local", self.label_set, self.target_precision, None, parts, LocalUse(self.recipe)
        )
