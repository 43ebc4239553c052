"""Prometheus metrics of a process; their labels hold ids, never texts."""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_LABEL_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_STORE_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)


class Metrics:
    """All metrics of a process; few have a `team` label, to limit the number of time series."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.received = self._counter("events_received", "Events from Slack", "kind")
        self.acked = self._counter("events_acked", "Events stored and acknowledged", "kind")
        self.refused = self._counter("events_refused", "Events that Slack must send again", "why")
        self.storing = self._histogram("store_seconds", "Time to store an event", _STORE_S)
        self.answered = self._counter("events_answered", "Events answered", "kind")
        self.retried = self._counter("events_retried", "Events put back for a retry")
        self.given_up = self._counter("events_given_up", "Events moved to the dead letters")
        self.to_label = self._histogram(
            "label_seconds", "Time from the receipt of a message to its label and card", _LABEL_S
        )
        self.labelled = self._counter("messages_labelled", "Predictions with a label", "label")
        self.abstained = self._counter(
            "messages_abstained", "Predictions without a label", "reason"
        )
        self.corrected = self._counter(
            "corrections", "Corrections and confirmations by agents", "act"
        )
        self.tokens = self._counter("llm_tokens", "Tokens read, cached and written", "kind")
        self.money = self._counter("llm_cost_usd", "Cost of the LLM in US dollars")
        self.depth = self._gauge("queue_depth", "Events not answered yet", "team")
        self.age = self._gauge(
            "queue_age_seconds", "Age of the oldest event not answered yet", "team"
        )
        self.dead = self._gauge("dead_letters", "Dead letters", "team")
        self.model = self._gauge("model_info", "1 for the classifier in use", "classifier")
        self.drift = self._gauge("drift", "1 if a change was reported, else 0", "team", "what")
        self.loop_errors = self._counter(
            "loop_errors", "Steps of background loops that raised", "loop", "kind"
        )
        self.loop_failing = self._gauge(
            "loop_failing", "1 if a background loop is failing, else 0", "loop"
        )
        self.ready = self._gauge("ready", "1 if a part is ready, else 0", "part")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"triage_{name}", f"{text}.", labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"triage_{name}", f"{text}.", labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: tuple[float, ...]) -> Histogram:
        return Histogram(f"triage_{name}", f"{text}.", buckets=bounds, registry=self.registry)

    def exposition(self) -> bytes:
        """Return all metrics in the Prometheus text format."""
        return generate_latest(self.registry)
