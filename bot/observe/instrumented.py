"""Wrappers that record metrics."""

import time
from collections.abc import Sequence

from bot.observe.metrics import Metrics
from bot.observe.tracing import Tracing
from classifiers.base import Classifier, Example, Prediction
from storage.config import IntakeConfig
from storage.errors import StorageUnavailableError
from storage.examples.examples import Examples, Reaction
from storage.inbox.events import KINDS, Event, Posted
from storage.inbox.inbox import Entry, Inbox
from storage.messages import MessageId
from storage.server.protocol import Client


class ObservedInbox(Inbox):
    """An inbox that counts received, answered and retried events and dead letters."""

    def __init__(
        self, redis: Client, config: IntakeConfig, metrics: Metrics, tracing: Tracing
    ) -> None:
        super().__init__(redis, config.limit, config.limit_mb)
        self._metrics = metrics
        self._tracing = tracing
        self._received = {kind: metrics.received.labels(kind) for kind in KINDS}
        self._acked = {kind: metrics.acked.labels(kind) for kind in KINDS}

    async def receive(self, event: Event) -> bool:
        """Store an event; see `Inbox.receive`."""
        self._received[event.kind].inc()
        started = time.perf_counter()
        try:
            with self._tracing.span("receive", event.item):
                stored = await super().receive(event)
        except StorageUnavailableError as error:
            self._metrics.refused.labels(type(error).__name__).inc()
            raise
        finally:
            self._metrics.storing.observe(time.perf_counter() - started)
        self._acked[event.kind].inc()
        return stored

    async def finish(self, entry: Entry) -> None:
        """Remove a finished entry; see `Inbox.finish`."""
        await super().finish(entry)
        self._metrics.answered.labels(entry.event.kind).inc()
        if isinstance(entry.event, Posted) and not entry.event.message.edited:
            self._metrics.to_label.observe(entry.age_s)

    async def postpone(self, entry: Entry, delay_s: float, strikes: int = 0) -> None:
        """Deliver an entry again later; see `Inbox.postpone`."""
        await super().postpone(entry, delay_s, strikes)
        self._metrics.retried.inc()

    async def give_up(self, entry: Entry, reason: str) -> None:
        """Make an entry a dead letter; see `Inbox.give_up`."""
        await super().give_up(entry, reason)
        self._metrics.given_up.inc()


class ObservedExamples(Examples):
    """Examples that count corrections and confirmations."""

    def __init__(self, redis: Client, keep_s: int, metrics: Metrics) -> None:
        super().__init__(redis, keep_s)
        self._metrics = metrics

    async def add_reaction(self, item: MessageId, reaction: Reaction) -> None:
        """Store a reaction; see `Examples.add_reaction`."""
        await super().add_reaction(item, reaction)
        act = "correction" if reaction.label is not None else "confirmation"
        self._metrics.corrected.labels(act if reaction.added else "undone").inc()


class ObservedClassifier:
    """A classifier that counts predictions by label, and their cost."""

    def __init__(self, inner: Classifier, metrics: Metrics) -> None:
        self._inner = inner
        self._metrics = metrics

    @property
    def version(self) -> str:
        """Return the version of the inner classifier."""
        return self._inner.version

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Pass examples, and ids to remove, to the inner classifier."""
        await self._inner.learn(put, remove)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each text."""
        predictions = await self._inner.classify(texts)
        for prediction in predictions:
            self._count(prediction)
        return predictions

    def _count(self, prediction: Prediction) -> None:
        if prediction.label is not None:
            self._metrics.labelled.labels(prediction.label).inc()
        else:
            reason = prediction.reason.value if prediction.reason else "unsure"
            self._metrics.abstained.labels(reason).inc()
        used = prediction.usage
        for kind, count in (
            ("prompt", used.prompt_tokens),
            ("cached", used.cached_tokens),
            ("completion", used.completion_tokens),
        ):
            if count:
                self._metrics.tokens.labels(kind).inc(count)
        self._metrics.money.inc(used.cost_usd)
