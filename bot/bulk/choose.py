"""What the classifiers of a file's texts are taught: a workspace's examples, or those of a file."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from pydantic import ConfigDict

from bot.config.config import Config, ConfigError, Settings
from bot.model.build import builder, check, classifier_of, llm_of
from bot.model.champion import Build, built
from bot.workspace import open_store
from classifiers.base import Classifier, Example
from classifiers.factory import KINDS, LlmUse, Shared, close, make_shared
from classifiers.local.outcome_threshold import Outcomes
from classifiers.local.training_set import seeds
from learning.feedback.track_record import TrackRecord
from learning.reading.importing import look_through, taught_by
from learning.reading.source import Source
from storage.examples.examples import StoredExample
from storage.messages import Frozen
from storage.models import DEFAULT, ModelError, Models
from storage.stores import Stores


@dataclass(frozen=True, slots=True)
class Choice:
    """What the options say of who answers: the workspace, a file of examples instead, a kind."""

    team: str | None = None
    examples: str | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise ConfigError(f'--classifier: "{self.kind}" is none of {", ".join(KINDS)}')
        if self.team is not None and self.examples is not None:
            raise ConfigError("--examples: stands for the workspace's: leave out --team")


class Taught(Frozen):
    """All that a local classifier is taught; `recipe` is the champion's file, empty for none.

    `outcomes` is what became of the bot's answers.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    source: str
    examples: tuple[Example, ...] = ()
    recipe: bytes = b""
    outcomes: Outcomes = Outcomes()


@asynccontextmanager
async def workspace(settings: Settings, choice: Choice) -> AsyncIterator[Stores | None]:
    """The stores of the workspace; None where a file stands for it, or no bot has run yet."""
    unused = settings.redis_url is None and not settings.triage_data_dir.exists()
    if choice.examples is not None or (choice.team is None and unused):
        yield None
        return
    async with open_store(settings, choice.team) as store:
        yield None if choice.team is None and not await store.workspaces.all() else store


def as_taught(stored: Iterable[StoredExample]) -> tuple[Example, ...]:
    """Stored examples as classifiers take them."""
    return tuple(one.as_example() for one in stored)


def of_file(config: Config, choice: Choice) -> tuple[Example, ...]:
    """The examples of the file, if one was named; DatasetError where it cannot be used."""
    if choice.examples is None:
        return ()
    return taught_by(look_through(Source(choice.examples), config.label_set))


async def take(settings: Settings, config: Config, choice: Choice) -> Taught:
    """What the local classifier in use knows now.

    ConfigError where the bot would ask an LLM as well and the choice is not for the local one.
    """
    if choice.kind in ("llm", "cascade"):
        raise ConfigError(f"--classifier {choice.kind}: with --out, local alone answers")
    if choice.kind is None and llm_of(settings) is not None:
        raise _asks_an_llm(settings.openai_model)
    async with workspace(settings, choice) as store:
        if store is None:
            source = choice.examples or "triage.toml"
            return Taught(source=source, examples=of_file(config, choice))
        recipe = await _recipe(store.models, store.team, config, choice)
        stored = [one async for one in store.examples.iterate(store.team)]
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
        raise ModelError(f"model {identity} is not stored, or is not what its id says")
    if model.kind == "hosted":
        if choice.kind is None:
            raise _asks_an_llm(model.name)
        return b""
    check(model, config.label_set)
    return await models.file(team, model)


def _asks_an_llm(name: str) -> ConfigError:
    return ConfigError(
        f"--out: the bot asks {name} where it is unsure, and with --out the local classifier alone "
        "answers: add --classifier local, or leave out --out to have the LLM asked"
    )


@asynccontextmanager
async def in_use(settings: Settings, config: Config, choice: Choice) -> AsyncIterator[Classifier]:
    """The champion, or the kind that was chosen; what an LLM costs counts as the workspace's."""
    parts = await asyncio.to_thread(make_shared, config.local.embedder)
    await asyncio.to_thread(parts.index.put, seeds(config.label_set))
    async with workspace(settings, choice) as store:
        if store is None:
            await asyncio.to_thread(parts.index.put, of_file(config, choice))
            classifier = await _made(settings, config, choice, parts, LlmUse(config.llm))
        else:
            classifier = await _of_workspace(settings, config, choice, parts, store)
        try:
            yield classifier
        finally:
            await close(classifier)


async def _made(
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
    stored = [one async for one in store.examples.iterate(store.team)]
    record.put(stored)
    record.answered(await store.series.answers())
    parts = replace(parts, outcomes=partial(record.outcomes, config.label_set.names))
    await asyncio.to_thread(parts.index.put, as_taught(stored))
    use = LlmUse(config.llm, store.spending, record.judged)
    if choice.kind is not None:
        return await _made(settings, config, choice, parts, use)
    build: Build = builder(settings, config, parts, use=use)
    return await built(models, store.team, await models.champion(store.team), build)
