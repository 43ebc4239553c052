"""The classifier that is asked for by its kind, put together."""

from dataclasses import dataclass

from support_triage.classifiers.base import Classifier, ClassifierSetupError, LabelSet
from support_triage.classifiers.batching import BatchingClassifier
from support_triage.classifiers.cascade import CascadeClassifier
from support_triage.classifiers.embedder import MiniLmEmbedder
from support_triage.classifiers.index import EmbeddedIndex
from support_triage.classifiers.llm import LlmClassifier, LlmSettings
from support_triage.classifiers.local import LocalClassifier

KINDS = ("local", "llm", "cascade")


@dataclass(frozen=True)
class LlmChoice:
    """A model behind an OpenAI-compatible endpoint; `base_url` None is OpenAI's own."""

    model: str
    api_key: str
    base_url: str | None = None


def make_classifier(
    kind: str,
    label_set: LabelSet,
    target_precision: float,
    llm: LlmChoice | None,
    patience_s: float | None = 1.5,
) -> Classifier:
    """A classifier of one of KINDS; ClassifierSetupError where it needs a key and has none.

    `patience_s` is how long learning waits for a fit, None to its end.
    """
    embedder = MiniLmEmbedder()
    index = EmbeddedIndex(embedder)
    local = BatchingClassifier(
        LocalClassifier(label_set, embedder, index, target_precision, patience_s)
    )
    if kind == "local":
        return local
    if llm is None:
        raise ClassifierSetupError(f"OPENAI_API_KEY: not set, and {kind} asks a model with it")
    settings = LlmSettings(api_key=llm.api_key, base_url=llm.base_url, model=llm.model)
    model = LlmClassifier(label_set, settings, index)
    return model if kind == "llm" else CascadeClassifier(local, model)
