"""The classifier in use, for the command line: what the workspace's bot would answer with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from support_triage.bot.champion import Build, built
from support_triage.bot.config import Config, Settings
from support_triage.bot.making import builder, classifier_of
from support_triage.bot.taught import Choice, as_taught, of_file, workspace
from support_triage.classifiers.base import Classifier
from support_triage.classifiers.factory import LlmUse, Parts, close, make_parts
from support_triage.classifiers.training import seeds
from support_triage.learning.track_record import TrackRecord
from support_triage.storage.stores import Stores


@asynccontextmanager
async def in_use(settings: Settings, config: Config, choice: Choice) -> AsyncIterator[Classifier]:
    """The champion, or the kind that was chosen; what an LLM costs counts as the workspace's."""
    parts = await asyncio.to_thread(make_parts, config.local.embedder)
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
    settings: Settings, config: Config, choice: Choice, parts: Parts, use: LlmUse
) -> Classifier:
    label_set, target = config.label_set, config.triage.target_precision
    return await asyncio.to_thread(
        classifier_of, settings, label_set, target, choice.kind, parts=parts, use=use
    )


async def _of_workspace(
    settings: Settings, config: Config, choice: Choice, parts: Parts, store: Stores
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
