"""Classifiers of this project, as the product puts them together."""

import asyncio
import os
from collections.abc import Sequence

from benchmarks.classify.contender import Answer
from support_triage.classifiers.base import Classifier, Example, Label, LabelSet, Prediction
from support_triage.classifiers.embedder import MiniLmEmbedder
from support_triage.classifiers.evaluation import best
from support_triage.classifiers.factory import LlmChoice, make_classifier
from support_triage.classifiers.index import EmbeddedIndex
from support_triage.classifiers.local import LocalClassifier

_TARGET = 0.95


def answer(one: Prediction) -> Answer:
    return Answer(best(one), one.confidence, one.confidence, one.abstained, one.usage)


class _Ours:
    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def _make(self, label_set: LabelSet) -> Classifier:
        raise NotImplementedError

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        label_set = LabelSet(tuple(Label(name) for name in sorted(set(labels))))
        self._classifier = self._make(label_set)
        rows = zip(texts, labels, strict=True)
        examples = [Example(str(place), text, label) for place, (text, label) in enumerate(rows)]
        self._runner.run(self._classifier.learn(examples))

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        return [answer(one) for one in self._runner.run(self._classifier.classify(texts))]


class Local(_Ours):
    def __init__(self) -> None:
        super().__init__()
        self._embedder = MiniLmEmbedder()

    def _make(self, label_set: LabelSet) -> Classifier:
        index = EmbeddedIndex(self._embedder)
        return LocalClassifier(label_set, self._embedder, index, _TARGET, patience_s=None)


class FewShot(_Ours):
    kind = "llm"

    def _make(self, label_set: LabelSet) -> Classifier:
        choice = LlmChoice(
            os.environ.get("OPENAI_MODEL", "gpt-4o-mini"),
            os.environ["OPENAI_API_KEY"],
            os.environ.get("OPENAI_BASE_URL"),
        )
        return make_classifier(self.kind, label_set, _TARGET, choice, patience_s=None)


class Cascade(FewShot):
    kind = "cascade"
