"""Spans of a message join in one trace across processes, and contain no text."""

import json

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.observe.instrumented import ObservedInbox
from bot.observe.metrics import Metrics
from bot.observe.tracing import NoTracing, OpenTelemetry, tracing_of
from storage.config import IntakeConfig
from storage.inbox.events import Posted
from storage.messages import Message, MessageId
from storage.server.protocol import Client

AT = MessageId(team="T1", channel="C1", ts="1.5")


def process() -> tuple[OpenTelemetry, InMemorySpanExporter]:
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return OpenTelemetry(provider), exporter


async def test_spans_of_a_message_join_in_one_trace(redis: Client) -> None:
    intake, taken = process()
    worker, answered = process()
    inbox = ObservedInbox(redis, IntakeConfig(), Metrics(), intake)
    await inbox.receive(Posted(message=Message(id=AT, user="U", text="kumquat")))
    with worker.span("answer", AT), worker.span("within", AT):
        pass
    with worker.span("answer", AT.model_copy(update={"ts": "2.5"})):
        pass
    [received] = taken.get_finished_spans()
    within, answer, other = answered.get_finished_spans()
    traces = [one.context.trace_id for one in (received, answer, within)]
    assert len(set(traces)) == 1
    assert other.context.trace_id != answer.context.trace_id
    assert within.parent is not None
    assert within.parent.span_id == answer.context.span_id
    assert json.loads(received.to_json())["attributes"] == {
        "triage.team": "T1",
        "triage.message": "C1:1.5",
    }
    assert "kumquat" not in received.to_json()


def test_a_failure_leaves_no_text_in_its_span() -> None:
    tracing, spans = process()
    with pytest.raises(ValueError), tracing.span("answer", AT):
        raise ValueError("kumquat")
    [span] = spans.get_finished_spans()
    assert "kumquat" not in span.to_json()


def test_traces_are_made_if_an_endpoint_is_set() -> None:
    assert isinstance(tracing_of({}), NoTracing)
    made = tracing_of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    assert isinstance(made, OpenTelemetry)
    made.close()
