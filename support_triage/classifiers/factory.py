"""The classifier that is asked for by its kind, put together."""

from dataclasses import dataclass

from support_triage.classifiers.base import (
    Classifier,
    ClassifierSetupError,
    Embedder,
    LabelSet,
)
from support_triage.classifiers.batching import BatchingClassifier
from support_triage.classifiers.cascade import CascadeClassifier
from support_triage.classifiers.embedder import MiniLmEmbedder
from support_triage.classifiers.index import EmbeddedIndex
from support_triage.classifiers.llm import LlmClassifier, LlmSettings
from support_triage.classifiers.local import LocalClassifier
from support_triage.classifiers.recipe import Recipe
from support_triage.classifiers.selection import FewShot

KINDS = ("local", "llm", "cascade")


@dataclass(frozen=True)
class LlmChoice:
    """A model behind an OpenAI-compatible endpoint; `base_url` None is OpenAI's own.

    A `tuned` one was trained on the team's examples, and so is shown none.
    """

    model: str
    api_key: str
    base_url: str | None = None
    tuned: bool = False


@dataclass(frozen=True)
class Parts:
    """What classifiers may share: one taught by its index knows what the others were taught."""

    embedder: Embedder
    index: EmbeddedIndex


def make_parts() -> Parts:
    """An embedder and an empty index."""
    embedder = MiniLmEmbedder()
    return Parts(embedder, EmbeddedIndex(embedder))


def make_classifier(
    kind: str,
    label_set: LabelSet,
    target_precision: float,
    llm: LlmChoice | None,
    patience_s: float | None = 1.5,
    parts: Parts | None = None,
    recipe: Recipe | None = None,
) -> Classifier:
    """A classifier of one of KINDS; ClassifierSetupError where it needs a key and has none.

    `patience_s` is how long learning waits for a fit, None to its end. `recipe` is that of the
    local classifier.
    """
    parts = parts or make_parts()
    embedder, index = parts.embedder, parts.index
    local = BatchingClassifier(
        LocalClassifier(label_set, embedder, index, target_precision, patience_s, recipe)
    )
    if kind == "local":
        return local
    if llm is None:
        raise ClassifierSetupError(f"OPENAI_API_KEY: not set, and {kind} asks a model with it")
    settings = LlmSettings(
        api_key=llm.api_key,
        base_url=llm.base_url,
        model=llm.model,
        few_shot=FewShot(max_shots=0) if llm.tuned else FewShot(),
    )
    model = LlmClassifier(label_set, settings, index)
    return model if kind == "llm" else CascadeClassifier(local, model)
