"""Build a classifier of a given kind from its parts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, runtime_checkable

from classifiers.base import Classifier, ClassifierSetupError, Embedder, LabelSet
from classifiers.batching import BatchingClassifier
from classifiers.cascade.cascade import CascadeClassifier, CascadeSettings
from classifiers.cascade.worth import Judged, Terms
from classifiers.config import MINILM, LlmChoice, LlmConfig
from classifiers.embedding.embedders import make_embedder
from classifiers.embedding.index import EmbeddedIndex
from classifiers.ledger import Ledger
from classifiers.llm.prompt import messages
from classifiers.llm.selection import Retrieval
from classifiers.local.local import LocalClassifier
from classifiers.local.outcome_threshold import Outcomes
from classifiers.local.recipe import Recipe
from classifiers.tokens import text_tokens

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
    """The settings and the ledger of LLM calls, and the record of judged answers.

    `judged` returns how many answers of a model agents judged right and wrong.
    """

    config: LlmConfig = field(default_factory=LlmConfig)
    ledger: Ledger | None = None
    judged: Callable[[str], Judged] = _not_judged


@dataclass(frozen=True)
class Shared:
    """Parts that several classifiers may share: with a shared index, all know the same examples.

    `outcomes` returns the answers that people have seen, and if they were right.
    """

    embedder: Embedder
    index: EmbeddedIndex
    outcomes: Callable[[], Outcomes] = Outcomes


@dataclass(frozen=True)
class LocalUse:
    """The recipe of the local classifier, and the seconds that learning waits for a fit.

    `patience_s=None` waits until the fit is done.
    """

    recipe: Recipe | None = None
    patience_s: float | None = 1.5


def make_shared(choice: str = MINILM, threads: int = 2) -> Shared:
    """Return the embedder that `[local] embedder` chooses, with an empty index."""
    embedder = make_embedder(choice, threads)
    return Shared(embedder, EmbeddedIndex(embedder))


def make_classifier(
    kind: str,
    label_set: LabelSet,
    target_precision: float,
    llm: LlmChoice | None,
    parts: Shared | None = None,
    local_use: LocalUse | None = None,
    use: LlmUse | None = None,
) -> Classifier:
    """Return a classifier of one of KINDS; `close` it when done.

    Raise ClassifierSetupError if the kind needs an LLM and `llm` is None, if OpenAI's key is empty,
    or if there is a budget for a model without a price.
    """
    parts = parts or make_shared()
    embedder, index = parts.embedder, parts.index
    fitting = local_use or LocalUse()
    head = LocalClassifier(
        label_set,
        embedder,
        index,
        target_precision,
        fitting.patience_s,
        fitting.recipe,
        parts.outcomes,
    )
    local = BatchingClassifier(head)
    if kind == "local":
        return local
    if llm is None:
        raise ClassifierSetupError(
            f'OPENAI_API_KEY is not set, and the classifier "{kind}" calls a model. Set the key, '
            "or OPENAI_BASE_URL for a server without keys."
        )
    from classifiers.llm.llm import LlmClassifier  # noqa: PLC0415 - openai loads slowly

    use = use or LlmUse()
    if use.config.daily_budget_usd is not None and llm.model not in use.config.prices:
        raise ClassifierSetupError(
            f"[llm] daily_budget_usd needs the price of {llm.model}: add "
            f'[llm.prices."{llm.model}"] with prompt, cached and completion, in $ per 1M tokens'
        )
    retrieval = Retrieval(index, head.rank)
    model = LlmClassifier(label_set, llm, use.config, retrieval, ledger=use.ledger)
    if kind == "llm":
        return model
    terms = Terms(
        target_precision, use.config.error_price_usd, _call_price_usd(label_set, llm, use.config)
    )
    settings = CascadeSettings(terms)
    return CascadeClassifier(local, model, settings, use.ledger, partial(use.judged, llm.model))


async def close(classifier: Classifier) -> None:
    """Close the connections of a classifier from `make_classifier`."""
    inner = classifier.llm if isinstance(classifier, CascadeClassifier) else classifier
    if isinstance(inner, _Closing):
        await inner.aclose()


def _call_price_usd(label_set: LabelSet, llm: LlmChoice, config: LlmConfig) -> float:
    """Return about the maximum cost of a request in US dollars, or 0 without a price.

    It has the maximum number of shots, and no cached tokens.
    """
    price = config.prices.get(llm.model)
    if price is None:
        return 0.0
    prefix = min(text_tokens(messages(label_set, (), "")[0]["content"]), config.label_tokens)
    return price.cost_usd(prefix + config.shot_tokens + _MESSAGE_TOKENS, 0, _ANSWER_TOKENS)
