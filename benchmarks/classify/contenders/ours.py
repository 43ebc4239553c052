"""Classifiers of this project, built as in the product."""

import asyncio
import os
from collections.abc import Sequence

from benchmarks.classify.contender import Answer
from classifiers.base import Example, Label, LabelSet, Prediction
from classifiers.config import LlmChoice
from classifiers.embedding.index import EmbeddedIndex
from classifiers.evaluation import best
from classifiers.factory import LocalUse, Shared, make_classifier, make_shared
from classifiers.local.recipe import Recipe, tune

_TARGET = 0.95


def answer(one: Prediction) -> Answer:
    known = one.confidence if one.known is None else one.known
    return Answer(best(one), one.confidence, known, one.abstained, one.usage)


def model_of_environment() -> LlmChoice:
    """Return the model that OPENAI_MODEL, OPENAI_BASE_URL and OPENAI_API_KEY choose."""
    named = {
        "model": os.environ.get("OPENAI_MODEL"),
        "api_key": os.environ.get("OPENAI_API_KEY"),
        "base_url": os.environ.get("OPENAI_BASE_URL"),
    }
    return LlmChoice(**{name: value for name, value in named.items() if value})


class Local:
    """The local classifier between training runs: fitted to every correction, not tuned."""

    kind = "local"

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._embedder = make_shared().embedder

    def _recipe(self, examples: Sequence[Example], label_set: LabelSet) -> Recipe | None:
        del examples, label_set
        return None

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        label_set = LabelSet(tuple(Label(name) for name in sorted(set(labels))))
        rows = zip(texts, labels, strict=True)
        examples = [Example(str(place), text, label) for place, (text, label) in enumerate(rows)]
        self._classifier = make_classifier(
            self.kind,
            label_set,
            _TARGET,
            None if self.kind == "local" else model_of_environment(),
            Shared(self._embedder, EmbeddedIndex(self._embedder)),
            LocalUse(self._recipe(examples, label_set), patience_s=None),
        )
        self._runner.run(self._classifier.learn(examples))

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        return [answer(one) for one in self._runner.run(self._classifier.classify(texts))]


class Tuned(Local):
    """The local classifier after `triage train local`: with a recipe from cross-validation."""

    def _recipe(self, examples: Sequence[Example], label_set: LabelSet) -> Recipe:
        return tune(examples, label_set, self._embedder)


class FewShot(Local):
    kind = "llm"


class Cascade(Local):
    kind = "cascade"
