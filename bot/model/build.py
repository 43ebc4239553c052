"""Build a classifier from settings or from a stored model."""

from dataclasses import replace

from bot.config.config import Config, Settings, revealed
from bot.model.champion import Build
from classifiers.base import Classifier, LabelSet
from classifiers.config import LlmChoice
from classifiers.factory import LlmUse, LocalUse, Shared, make_classifier
from classifiers.local.recipe import Recipe
from storage.models import Model, ModelError


def llm_of(settings: Settings) -> LlmChoice | None:
    """Return the LLM of the settings, or None if neither a key nor a server's URL is set."""
    key, url = settings.openai_api_key, settings.openai_base_url
    if key is None and url is None:
        return None
    return LlmChoice(settings.openai_model, revealed(key), url)


def classifier_of(
    settings: Settings,
    label_set: LabelSet,
    target_precision: float,
    kind: str | None = None,
    parts: Shared | None = None,
    local_use: LocalUse | None = None,
    use: LlmUse | None = None,
) -> Classifier:
    """Return a classifier of a kind; by default, cascade with an LLM or else local."""
    llm = llm_of(settings)
    default = "local" if llm is None else "cascade"
    return make_classifier(kind or default, label_set, target_precision, llm, parts, local_use, use)


def _hosted(model: Model, settings: Settings) -> LlmChoice:
    return LlmChoice(
        model=model.name,
        api_key=settings.key_of(model.backend),
        base_url=model.base_url,
        tuned=True,
    )


def check(model: Model, label_set: LabelSet) -> None:
    """Raise ModelError if a model is for another label set."""
    if model.label_set != label_set.version:
        raise ModelError(
            f"model {model.id} was trained for label set {model.label_set}, but triage.toml has "
            f"{label_set.version}: train a new model"
        )


def builder(
    settings: Settings,
    config: Config,
    parts: Shared,
    patience_s: float | None = 1.5,
    use: LlmUse | None = None,
) -> Build:
    """Return a function that builds the classifier of a model, or the default one for None.

    A local model is a recipe that the local classifier is fitted with; a hosted model is asked by
    the cascade. The function raises ModelError for a model of another label set.
    """
    label_set, target = config.label_set, config.triage.target_precision
    fitting = LocalUse(patience_s=patience_s)

    def build(model: Model | None, file: bytes) -> Classifier:
        if model is None:
            return classifier_of(settings, label_set, target, None, parts, fitting, use)
        check(model, label_set)
        if model.kind == "local":
            tuned = replace(fitting, recipe=Recipe.from_bytes(file))
            return classifier_of(settings, label_set, target, None, parts, tuned, use)
        llm = _hosted(model, settings)
        return make_classifier("cascade", label_set, target, llm, parts, fitting, use)

    return build
