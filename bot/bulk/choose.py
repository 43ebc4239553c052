"""Builds the classifier for a file of texts, from a workspace's examples or a file's."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from pydantic import ConfigDict

from bot.config.config import Config, ConfigError, Settings
from bot.model.build import builder, check, classifier_of, llm_of
from bot.model.champion import Build, build_model
from bot.workspace import open_store
from classifiers.base import Classifier, Example
from classifiers.factory import KINDS, LlmUse, Shared, close, make_shared
from classifiers.local.outcome_threshold import Outcomes
from classifiers.local.training_set import seeds
from learning.feedback.track_record import TrackRecord
from learning.reading.importing import importable_examples, plan_import
from learning.reading.source import Source
from storage.examples.examples import StoredExample
from storage.messages import Frozen
from storage.models import DEFAULT, ModelError, Models
from storage.stores import Stores


@dataclass(frozen=True, slots=True)
class Choice:
    """The options that choose a classifier: a workspace or a file of examples, and a kind."""

    team: str | None = None
    examples: str | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise ConfigError(
                f'--classifier: "{self.kind}" is unknown. Use one of {", ".join(KINDS)}.'
            )
        if self.team is not None and self.examples is not None:
            raise ConfigError("--examples and --team: use only one of them")


class Taught(Frozen):
    """The training data of a local classifier.

    `recipe` is the champion's file, empty if there is none; `outcomes` counts how agents judged the
    bot's answers.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    source: str
    examples: tuple[Example, ...] = ()
    recipe: bytes = b""
    outcomes: Outcomes = Outcomes()


@asynccontextmanager
async def workspace(settings: Settings, choice: Choice) -> AsyncIterator[Stores | None]:
    """Yield the workspace's stores, or None if a file replaces it or no bot has run yet."""
    unused = settings.redis_url is None and not settings.triage_data_dir.exists()
    if choice.examples is not None or (choice.team is None and unused):
        yield None
        return
    async with open_store(settings, choice.team) as store:
        yield None if choice.team is None and not await store.workspaces.all() else store


def as_taught(stored: Iterable[StoredExample]) -> tuple[Example, ...]:
    """Return stored examples as classifiers take them."""
    return tuple(example.as_example() for example in stored)


def of_file(config: Config, choice: Choice) -> tuple[Example, ...]:
    """Return the examples of the chosen file, if any; raise DatasetError if it is unusable."""
    if choice.examples is None:
        return ()
    return importable_examples(plan_import(Source(choice.examples), config.label_set))


async def load_taught(settings: Settings, config: Config, choice: Choice) -> Taught:
    """Return the current training data of the local classifier.

    Raises ConfigError if the bot would also ask an LLM and the choice is not the local classifier.
    """
    if choice.kind in ("llm", "cascade"):
        raise ConfigError(
            f"--classifier {choice.kind}: --out works with the local classifier only. Use "
            "--classifier local, or leave out --out."
        )
    if choice.kind is None and llm_of(settings) is not None:
        raise _asks_an_llm(settings.openai_model)
    async with workspace(settings, choice) as store:
        if store is None:
            source = choice.examples or "triage.toml"
            return Taught(source=source, examples=of_file(config, choice))
        recipe = await _recipe(store.models, store.team, config, choice)
        stored = [example async for example in store.examples.iterate(store.team)]
        record = TrackRecord()
        record.put(stored)
        record.answered(await store.series.answers())
        return Taught(
            source=f"workspace {store.team}",
            examples=as_taught(stored),
            recipe=recipe,
            outcomes=record.outcomes(config.label_set.names),
        )


async def _recipe(models: Models, team: str, config: Config, choice: Choice) -> bytes:
    identity = await models.champion(team)
    if identity == DEFAULT:
        return b""
    model = await models.get(team, identity)
    if model is None:
        raise ModelError(f"model {identity} is missing or damaged: promote another, or roll back")
    if model.kind == "hosted":
        if choice.kind is None:
            raise _asks_an_llm(model.name)
        return b""
    check(model, config.label_set)
    return await models.file(team, model)


def _asks_an_llm(name: str) -> ConfigError:
    return ConfigError(
        f"--out: the bot asks {name} if the local classifier is unsure, but --out works with the "
        "local classifier only. Add --classifier local, or leave out --out to ask the LLM too."
    )


@asynccontextmanager
async def in_use(settings: Settings, config: Config, choice: Choice) -> AsyncIterator[Classifier]:
    """Yield the champion or the chosen kind; LLM costs count towards the workspace's budget."""
    parts = await asyncio.to_thread(make_shared, config.local.embedder)
    await asyncio.to_thread(parts.index.put, seeds(config.label_set))
    async with workspace(settings, choice) as store:
        if store is None:
            await asyncio.to_thread(parts.index.put, of_file(config, choice))
            classifier = await _build_kind(settings, config, choice, parts, LlmUse(config.llm))
        else:
            classifier = await _of_workspace(settings, config, choice, parts, store)
        try:
            yield classifier
        finally:
            await close(classifier)


async def _build_kind(
    settings: Settings, config: Config, choice: Choice, parts: Shared, use: LlmUse
) -> Classifier:
    label_set, target = config.label_set, config.triage.target_precision
    return await asyncio.to_thread(
        classifier_of, settings, label_set, target, choice.kind, parts=parts, use=use
    )


async def _of_workspace(
    settings: Settings, config: Config, choice: Choice, parts: Shared, store: Stores
) -> Classifier:
    models, record = store.models, TrackRecord()
    stored = [example async for example in store.examples.iterate(store.team)]
    record.put(stored)
    record.answered(await store.series.answers())
    parts = replace(parts, outcomes=partial(record.outcomes, config.label_set.names))
    await asyncio.to_thread(parts.index.put, as_taught(stored))
    use = LlmUse(config.llm, store.spending, record.judged)
    if choice.kind is not None:
        return await _build_kind(settings, config, choice, parts, use)
    build: Build = builder(settings, config, parts, use=use)
    return await build_model(models, store.team, await models.champion(store.team), build)
