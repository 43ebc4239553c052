"""OpenTelemetry traces of messages, if the extra `otel` is installed and an endpoint is set.

The id of a trace is derived from the message's id. So the spans of the process that received a
message and of the one that answered it join in one trace, without passing a context. Spans contain
ids and outcomes, never texts.
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
    """A factory of spans."""

    def span(self, name: str, item: MessageId) -> Any:
        """Return a context manager for a span in the trace of a message or card."""
        ...

    def close(self) -> None:
        """Send the remaining spans."""
        ...


class NoTracing:
    """A tracing that records nothing."""

    def span(self, name: str, item: MessageId) -> Any:
        """Return a context manager that does nothing."""
        del name, item
        return nullcontext()

    def close(self) -> None:
        """Do nothing."""


class OpenTelemetry:
    """A tracing that exports spans; `provider` is the SDK's `TracerProvider`."""

    def __init__(self, provider: Any) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - an extra

        self._trace = trace
        self._provider = provider
        self._tracer = provider.get_tracer("support_triage")

    @contextmanager
    def span(self, name: str, item: MessageId) -> Iterator[None]:
        """Open a span below the root span that all spans of an item share."""
        given = {"triage.team": item.team, "triage.message": str(item)}
        parent = self._trace.set_span_in_context(self._trace.NonRecordingSpan(self._root(item)))
        context = None if self._trace.get_current_span().is_recording() else parent
        with self._tracer.start_as_current_span(
            name,
            context=context,
            attributes=given,
            record_exception=False,  # its message may quote private text
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
        """Send the remaining spans."""
        self._provider.shutdown()


def tracing_of(environment: Mapping[str, str] = os.environ) -> Tracing:
    """Return a tracing that exports if OTEL_EXPORTER_OTLP_ENDPOINT is set, else NoTracing.

    Raise ConfigError if the endpoint is set but the extra `otel` is not installed.
    """
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
            f"{_ENDPOINTS[0]}: set, but traces need the extra otel. "
            "Run `pip install 'support-triage[otel]'`, or unset the variable."
        ) from None
    name = environment.get("OTEL_SERVICE_NAME", "support-triage")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OpenTelemetry(provider)
