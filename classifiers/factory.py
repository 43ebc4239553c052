"""The classifier that is asked for by its kind, put together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, runtime_checkable

from classifiers.base import (
    Classifier,
    ClassifierSetupError,
    Embedder,
    LabelSet,
)
from classifiers.batching import BatchingClassifier
from classifiers.cascade.cascade import CascadeClassifier, CascadeSettings
from classifiers.cascade.worth import Judged, Terms
from classifiers.config import MINILM, LlmChoice, LlmConfig
from classifiers.embedding.embedders import make_embedder
from classifiers.embedding.index import EmbeddedIndex
from classifiers.ledger import Ledger
from classifiers.llm.prompt import messages
from classifiers.llm.selection import tokens
from classifiers.local.local import LocalClassifier
from classifiers.local.outcome_threshold import Outcomes
from classifiers.local.recipe import Recipe

KINDS = ("local", "llm", "cascade")
_MESSAGE_TOKENS = 100
_ANSWER_TOKENS = 15


@runtime_checkable
class _Closing(Protocol):
    async def aclose(self) -> None: ...


def _not_judged(_: str) -> Judged:
    return Judged()


@dataclass(frozen=True)
class LlmUse:
    """How LLMs are used: the table `[llm]`, what they cost, how agents judged a model's answers."""

    config: LlmConfig = field(default_factory=LlmConfig)
    ledger: Ledger | None = None
    judged: Callable[[str], Judged] = _not_judged


@dataclass(frozen=True)
class Shared:
    """What classifiers may share: one taught by its index knows what the others were taught.

    `outcomes` tells what became of their answers.
    """

    embedder: Embedder
    index: EmbeddedIndex
    outcomes: Callable[[], Outcomes] = Outcomes


def make_shared(choice: str = MINILM, threads: int = 2) -> Shared:
    """The embedder of `[local] embedder` and an empty index."""
    embedder = make_embedder(choice, threads)
    return Shared(embedder, EmbeddedIndex(embedder))


def make_classifier(
    kind: str,
    label_set: LabelSet,
    target_precision: float,
    llm: LlmChoice | None,
    patience_s: float | None = 1.5,
    parts: Shared | None = None,
    recipe: Recipe | None = None,
    use: LlmUse | None = None,
) -> Classifier:
    """A classifier of one of KINDS; `close` it when done.

    `patience_s` is how long learning waits for a fit, None to its end. `recipe` is that of the
    local classifier. Raises ClassifierSetupError
    where it needs a key and has none, or has a budget for a model whose price is not known.
    """
    parts = parts or make_shared()
    embedder, index = parts.embedder, parts.index
    head = LocalClassifier(
        label_set, embedder, index, target_precision, patience_s, recipe, parts.outcomes
    )
    local = BatchingClassifier(head)
    if kind == "local":
        return local
    if llm is None:
        raise ClassifierSetupError(f"OPENAI_API_KEY: not set, and {kind} asks a model with it")
    from classifiers.llm.llm import LlmClassifier  # noqa: PLC0415 - openai loads slowly

    use = use or LlmUse()
    if use.config.daily_budget_usd is not None and llm.model not in use.config.prices:
        raise ClassifierSetupError(
            f"[llm] daily_budget_usd: what {llm.model} costs is not known: add "
            f'[llm.prices."{llm.model}"] with prompt, cached and completion, in $ per 1M tokens'
        )
    model = LlmClassifier(label_set, llm, use.config, index, head.rank, ledger=use.ledger)
    if kind == "llm":
        return model
    terms = Terms(
        target_precision, use.config.error_price_usd, _call_price_usd(label_set, llm, use.config)
    )
    settings = CascadeSettings(terms)
    return CascadeClassifier(local, model, settings, use.ledger, partial(use.judged, llm.model))


async def close(classifier: Classifier) -> None:
    """Close the connections that a classifier of `make_classifier` holds."""
    inner = classifier.llm if isinstance(classifier, CascadeClassifier) else classifier
    if isinstance(inner, _Closing):
        await inner.aclose()


def _call_price_usd(label_set: LabelSet, llm: LlmChoice, config: LlmConfig) -> float:
    """What a request costs at most, nearly: all shots, nothing cached; 0 without a price."""
    price = config.prices.get(llm.model)
    if price is None:
        return 0.0
    prefix = min(tokens(messages(label_set, (), "")[0]["content"]), config.label_tokens)
    return price.cost_usd(prefix + config.shot_tokens + _MESSAGE_TOKENS, 0, _ANSWER_TOKENS)
