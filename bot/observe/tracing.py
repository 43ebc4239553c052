"""Traces of messages for OpenTelemetry, where the extra `otel` is installed and an exporter named.

A trace's id is made from the message's identity, so that spans of the process that took a message
in and of the one that answered it meet in one trace with nothing carried between them. Spans say
ids and outcomes, never a text.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

from bot.config.config import ConfigError
from storage.messages import MessageId

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Tracing(Protocol):
    """Makes spans."""

    def span(self, name: str, item: MessageId) -> Any:
        """A context manager: a span in the trace of this message or card."""
        ...

    def close(self) -> None:
        """Send what is left."""
        ...


class NoTracing:
    """Makes none."""

    def span(self, name: str, item: MessageId) -> Any:
        """Nothing."""
        del name, item
        return nullcontext()

    def close(self) -> None:
        """Nothing is left."""


class OpenTelemetry:
    """Spans of one process; `provider` is the SDK's `TracerProvider`."""

    def __init__(self, provider: Any) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - an extra

        self._trace = trace
        self._provider = provider
        self._tracer = provider.get_tracer("support_triage")

    @contextmanager
    def span(self, name: str, item: MessageId) -> Iterator[None]:
        """A span below the root that all spans of this item share."""
        given = {"triage.team": item.team, "triage.message": str(item)}
        parent = self._trace.set_span_in_context(self._trace.NonRecordingSpan(self._root(item)))
        context = None if self._trace.get_current_span().is_recording() else parent
        with self._tracer.start_as_current_span(
            name,
            context=context,
            attributes=given,
            record_exception=False,  # its words may be somebody's
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_status(self._trace.StatusCode.ERROR, type(error).__name__)
                raise

    def _root(self, item: MessageId) -> Any:
        digest = hashlib.sha256(f"{item.team}:{item}".encode()).digest()
        return self._trace.SpanContext(
            trace_id=int.from_bytes(digest[:16], "big"),
            span_id=int.from_bytes(digest[16:24], "big"),
            is_remote=True,
            trace_flags=self._trace.TraceFlags(self._trace.TraceFlags.SAMPLED),
        )

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def tracing_of(environment: Mapping[str, str] = os.environ) -> Tracing:
    """Traces where OTEL_EXPORTER_OTLP_ENDPOINT is set; ConfigError where the extra is missing."""
    if not any(environment.get(name) for name in _ENDPOINTS):
        return NoTracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            f"{_ENDPOINTS[0]}: traces need an extra: pip install 'support-triage[otel]'"
        ) from None
    name = environment.get("OTEL_SERVICE_NAME", "support-triage")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OpenTelemetry(provider)
