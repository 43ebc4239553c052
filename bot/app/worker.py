"""Build the worker of a process: classifier, learning, triage and commands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from bot.admin.drift_watch import DriftWatch
from bot.admin.forget import Forgetter, nothing
from bot.admin.job_reports import JobPoller
from bot.admin.workbench import Workbench
from bot.app import free_memory
from bot.app.loops import STEP_S, Step
from bot.app.services import Services
from bot.commands.context import Context
from bot.commands.dispatch import Dispatcher
from bot.config.config import Config, Settings
from bot.message.answer_log import AnswerLog
from bot.message.late_cards import LateCards
from bot.message.presenter import Presenter
from bot.message.triage import Triage
from bot.message.worker import Worker
from bot.model.build import builder
from bot.model.champion import ChampionClassifier, PrecisionReporter
from bot.model.example_feed import ExampleFeed
from bot.model.shadow import Shadow
from bot.observe.instrumented import ObservedClassifier
from bot.observe.tracing import Tracing
from classifiers.factory import LlmUse, close, make_shared
from learning.feedback.track_record import TrackRecord
from storage.inbox.events import Asked, Event
from storage.server.append_only import rewrite

_FITTING_S = 3600.0  # for a step that embeds, fits or uploads all examples
_TRIM_S = 600.0
_DRAIN_S = 25.0  # Kubernetes kills after 30 s; other workers take unfinished events


@dataclass(frozen=True)
class WorkerProcess:
    """The classifier and the command dispatcher of a running worker."""

    classifier: ChampionClassifier
    dispatcher: Dispatcher


@dataclass(frozen=True)
class _Events:
    """Pass messages to triage and commands to the dispatcher."""

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
async def open_worker(
    settings: Settings, config: Config, services: Services
) -> AsyncIterator[WorkerProcess]:
    """Yield a worker that has learned all examples; at exit, finish its in-flight events."""
    track_record = TrackRecord()
    stores, slack = services.stores, services.slack
    use = LlmUse(config.llm, stores.spending, track_record.judged)
    shared = await asyncio.to_thread(make_shared, config.local.embedder)
    shared = replace(shared, outcomes=partial(track_record.outcomes, config.label_set.names))
    build = builder(settings, config, shared, use=use)
    default = await asyncio.to_thread(build, None, b"")

    async def renew_track_record() -> None:
        track_record.answered(await stores.series.answers())

    classifier = ChampionClassifier(stores.models, stores.team, build, default, renew_track_record)
    example_feed = ExampleFeed(stores, classifier, track_record)
    await example_feed.load()
    await classifier.refresh()
    precision_reporter = PrecisionReporter(stores.workspaces, stores.team, classifier)
    await precision_reporter.look()
    in_shadow = replace(use, ledger=stores.spending.of_shadows(config.gate.shadow_usd_per_day))
    shadow = Shadow(
        stores,
        config.label_set.version,
        builder(settings, config, shared, use=in_shadow),
        config.gate,
    )
    compact = partial(rewrite, stores.redis) if settings.redis_url is None else nothing
    forgetter = Forgetter(stores, slack.gateway, compact)
    bench = Workbench(settings, config, stores, shared.embedder)
    dispatcher = Dispatcher(Context(bench, classifier, forgetter, slack.people, slack.gateway))
    triage = Triage(
        config,
        stores,
        slack.people,
        ObservedClassifier(classifier, services.metrics),
        Presenter(config, slack.gateway, slack.directory, stores.workspaces),
        example_feed,
        AnswerLog(stores.series, shadow),
    )
    watch = DriftWatch(config, stores.series, slack.directory, slack.people, slack.gateway)
    worker = Worker(stores.inbox, {stores.team: _Events(triage, dispatcher, services.tracing)})
    worker.start(services.loops)
    background: dict[str, tuple[Step, float, float]] = {
        "teaching": (example_feed.catch_up, 0.5, _FITTING_S),
        "champion": (classifier.refresh, 1.0, _FITTING_S),
        "standing": (precision_reporter.look, 1.0, STEP_S),
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
        background["shadow"] = (shadow.refresh, 2.0, _FITTING_S)
    for name, (step, every_s, within_s) in background.items():
        services.loops.start(name, step, every_s, within_s)
    try:
        yield WorkerProcess(classifier, dispatcher)
    finally:
        await services.loops.stop(*background)
        await worker.drain(services.loops, _DRAIN_S)
        await shadow.finish()
        for each in (*classifier.former, classifier.current):
            await close(each)
