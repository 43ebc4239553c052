"""What a worker process is made of: the classifier, what it learns, and who answers with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from support_triage.bot import free_memory
from support_triage.bot.champion import ChampionClassifier, ModelStanding
from support_triage.bot.commands.context import Context
from support_triage.bot.commands.desk import Dispatcher
from support_triage.bot.config import Config, Settings
from support_triage.bot.drift_watch import DriftWatch
from support_triage.bot.forgetting import Forgetter, nothing
from support_triage.bot.jobs import JobPoller
from support_triage.bot.late_cards import LateCards
from support_triage.bot.loops import STEP_S, Step
from support_triage.bot.making import builder
from support_triage.bot.observed import ObservedClassifier
from support_triage.bot.parts import Parts
from support_triage.bot.presenter import Presenter
from support_triage.bot.shadowing import Shadowing
from support_triage.bot.teaching import Teaching
from support_triage.bot.tracing import Tracing
from support_triage.bot.triage import Triage
from support_triage.bot.watching import Watching
from support_triage.bot.workbench import Workbench
from support_triage.bot.worker import Worker
from support_triage.classifiers.factory import LlmUse, close, make_parts
from support_triage.learning.track_record import TrackRecord
from support_triage.storage.append_only import rewrite
from support_triage.storage.events import Asked, Event

_FITTING_S = 3600.0  # a step that embeds, fits or uploads all examples there are is no hanging one
_TRIM_S = 600.0
_DRAIN_S = 25.0  # less than the 30 s after which Kubernetes kills; what is left is handed on


@dataclass(frozen=True)
class Answering:
    """The classifier that a worker asks, and the dispatcher that answers admins."""

    classifier: ChampionClassifier
    dispatcher: Dispatcher


@dataclass(frozen=True)
class _Events:
    """Messages go to triage, commands to the dispatcher."""

    triage: Triage
    dispatcher: Dispatcher
    tracing: Tracing

    async def handle(self, event: Event) -> None:
        with self.tracing.span("answer", event.item):
            if isinstance(event, Asked):
                await self.dispatcher.respond(event)
            else:
                await self.triage.handle(event)


@asynccontextmanager
async def answering(settings: Settings, config: Config, parts: Parts) -> AsyncIterator[Answering]:
    """A worker that has learnt all there is; leaving ends what it took, and takes nothing more."""
    track_record = TrackRecord()
    stores, slack = parts.stores, parts.slack
    use = LlmUse(config.llm, stores.spending, track_record.judged)
    made = await asyncio.to_thread(make_parts, config.local.embedder)
    made = replace(made, outcomes=partial(track_record.outcomes, config.label_set.names))
    build = builder(settings, config, made, use=use)
    default = await asyncio.to_thread(build, None, b"")

    async def renew() -> None:
        track_record.answered(await stores.series.answers())

    classifier = ChampionClassifier(stores.models, stores.team, build, default, renew)
    teaching = Teaching(stores, classifier, track_record)
    await teaching.load()
    await classifier.refresh()
    standing = ModelStanding(stores.workspaces, stores.team, classifier)
    await standing.look()
    in_shadow = replace(use, ledger=stores.spending.of_shadows(config.gate.shadow_usd_per_day))
    shadowing = Shadowing(
        stores,
        config.label_set.version,
        builder(settings, config, made, use=in_shadow),
        config.gate,
    )
    compact = partial(rewrite, stores.redis) if settings.redis_url is None else nothing
    forgetter = Forgetter(stores, slack.gateway, compact)
    bench = Workbench(settings, config, stores, made.embedder)
    dispatcher = Dispatcher(Context(bench, classifier, forgetter, slack.people, slack.gateway))
    triage = Triage(
        config,
        stores,
        slack.people,
        ObservedClassifier(classifier, parts.metrics),
        Presenter(config, slack.gateway, slack.directory, stores.workspaces),
        teaching,
        Watching(stores.series, shadowing),
    )
    watch = DriftWatch(config, stores.series, slack.directory, slack.people, slack.gateway)
    worker = Worker(stores.inbox, {stores.team: _Events(triage, dispatcher, parts.tracing)})
    worker.start(parts.loops)
    following: dict[str, tuple[Step, float, float]] = {
        "teaching": (teaching.catch_up, 0.5, _FITTING_S),
        "champion": (classifier.refresh, 1.0, _FITTING_S),
        "standing": (standing.look, 1.0, STEP_S),
        "drift watch": (watch.look, 5.0, STEP_S),
        "late cards": (LateCards(stores.records, stores.team, triage.look_again).look, 5.0, STEP_S),
        "forgetting": (forgetter.turn, 1.0, _FITTING_S),
        "dead letters": (
            partial(stores.dead_letters.trim, stores.team, config.keep.seconds),
            _TRIM_S,
            STEP_S,
        ),
        "free memory": (free_memory.release, free_memory.EVERY_S, STEP_S),
        "jobs": (JobPoller(bench.trainer, slack.gateway, stores.team).turn, 1.0, _FITTING_S),
    }
    if config.gate.shadow:
        following["shadow"] = (shadowing.refresh, 2.0, _FITTING_S)
    for name, (step, every_s, within_s) in following.items():
        parts.loops.start(name, step, every_s, within_s)
    try:
        yield Answering(classifier, dispatcher)
    finally:
        await parts.loops.stop(*following)
        await worker.drain(parts.loops, _DRAIN_S)
        await shadowing.finish()
        for each in (*classifier.former, classifier.current):
            await close(each)
