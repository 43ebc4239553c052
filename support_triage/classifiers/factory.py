"""The classifier that the settings ask for, put together."""

from dataclasses import dataclass

from support_triage.classifiers.base import Classifier, LabelSet
from support_triage.classifiers.cascade import CascadeClassifier
from support_triage.classifiers.embedder import MiniLmEmbedder
from support_triage.classifiers.index import EmbeddedIndex
from support_triage.classifiers.llm import LlmClassifier, LlmSettings
from support_triage.classifiers.local import LocalClassifier


@dataclass(frozen=True)
class LlmChoice:
    """A model behind an OpenAI-compatible endpoint; `base_url` None is OpenAI's own."""

    model: str
    api_key: str
    base_url: str | None = None


def make_classifier(
    label_set: LabelSet, target_precision: float, llm: LlmChoice | None
) -> Classifier:
    """The cascade of local and LLM where an LLM is given, else the local classifier alone."""
    embedder = MiniLmEmbedder()
    index = EmbeddedIndex(embedder)
    local = LocalClassifier(label_set, embedder, index, target_precision)
    if llm is None:
        return local
    settings = LlmSettings(api_key=llm.api_key, base_url=llm.base_url, model=llm.model)
    return CascadeClassifier(local, LlmClassifier(label_set, index, settings))
