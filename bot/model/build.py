"""From settings, or from a stored model, to a classifier."""

from dataclasses import replace

from bot.config.config import Config, Settings, revealed
from bot.model.champion import Build
from classifiers.base import Classifier, LabelSet
from classifiers.config import LlmChoice
from classifiers.factory import LlmUse, LocalUse, Shared, make_classifier
from classifiers.local.recipe import Recipe
from storage.models import Model, ModelError


def llm_of(settings: Settings) -> LlmChoice | None:
    """The LLM to ask: there is one where a key is set, or the address of a server without keys."""
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
    """A classifier of a kind; by default the cascade where there is an LLM, else local alone."""
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
    """ModelError for a model of another label set."""
    if model.label_set != label_set.version:
        raise ModelError(
            f"model {model.id} is for label set {model.label_set}, and triage.toml has "
            f"{label_set.version}: train again with the labels of now"
        )


def builder(
    settings: Settings,
    config: Config,
    parts: Shared,
    patience_s: float | None = 1.5,
    use: LlmUse | None = None,
) -> Build:
    """What makes the classifier of a model on these parts, and the default one of None.

    A local model is what the local classifier is fitted by, a hosted one is what the cascade
    asks. ModelError for a model of another label set.
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
