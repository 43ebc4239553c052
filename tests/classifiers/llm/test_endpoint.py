"""Faults of a message, faults of the endpoint, and the fields that a server accepts."""

import asyncio

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from classifiers.base import (
    Abstention,
    ClassifierError,
    ClassifierSetupError,
    ClassifierUnavailableError,
    NotAskedError,
)
from classifiers.cascade.cascade import CascadeClassifier
from classifiers.llm.fields import LEFT_OUT_S
from classifiers.llm.llm import LlmClassifier
from tests.classifiers import openai_server as wire
from tests.classifiers.cascade.test_cascade import Fake
from tests.classifiers.llm.test_llm import asked

AZURE_FILTER = {
    "message": "The response was filtered due to the prompt triggering a policy.",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
    "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
}
REFUSED = [
    wire.failed(400, "invalid_prompt", "Invalid prompt: your prompt was flagged"),
    wire.failed(400, "content_policy_violation"),
    wire.failed(400, "moderation_blocked"),
    wire.failed(400, "data_inspection_failed", "Input data may contain inappropriate content."),
    wire.failed(400, "invalid_request_error", "This request was refused by our safety system"),
    wire.failed(422, "SensitiveContentDetected"),
    wire.failed(451, "unavailable"),
    JSONResponse({"error": AZURE_FILTER}, 400),
    JSONResponse({"error": {"message": "no", "innererror": AZURE_FILTER["innererror"]}}, 400),
    JSONResponse({"error": {"code": 403, "message": "Your input was flagged"}}, 403),
    JSONResponse({"error": {"code": 400, "message": "x", "metadata": {"raw": "flagged"}}}),
    wire.failed(400, "invalid_request_error", "Content Exists Risk"),
    JSONResponse({"error": "flagged by our moderation"}, 400),
    wire.refused(),
    wire.filtered(),
    wire.message({"content": [{"type": "refusal", "refusal": "no"}]}),
    wire.said('{"label": "BIL', finish_reason="content_filter"),
    wire.said("", finish_reason="content_filter: PROHIBITED_CONTENT"),
    wire.said("", finish_reason="sensitive"),
    JSONResponse(
        {
            "choices": [],
            "prompt_filter_results": [
                {"prompt_index": 0, "content_filter_results": {"hate": {"filtered": True}}}
            ],
        }
    ),
    JSONResponse({"choices": None, "promptFeedback": {"blockReason": "SAFETY"}}),
    JSONResponse({"choices": [{"finish_reason": "SAFETY"}]}),
]
TOO_LONG = [
    wire.failed(413),
    wire.failed(400, "context_length_exceeded", "5000 in the messages, 100 in max_tokens"),
    wire.failed(400, message="prompt is too long: 213451 tokens > 200000 maximum"),
    wire.failed(400, message="the request exceeds the available context size"),
    wire.failed(400, "string_above_max_length"),
    wire.failed(500, message="context size has been exceeded"),
    JSONResponse({"error": "The number of tokens is greater than the context length"}, 400),
    wire.failed(422, message="input length and `max_tokens` exceed context limit"),
]
ABOUT_THE_CONTENT = JSONResponse(
    {"detail": [{"loc": ["body", "messages", 1, "content"], "msg": "bad bytes", "input": "x"}]}, 422
)
WHOLE = bytes(wire.answered("BILLING").body)
NO_COMPLETION = [
    JSONResponse({"error": {"message": "Provider returned error", "code": 502}}),
    JSONResponse({"error": {"message": "Provider returned error", "code": 400}}),
    JSONResponse({"error": "overloaded"}),
    JSONResponse({"choices": [{"message": {"content": ""}, "error": {"code": 502}}]}),
    JSONResponse({"error": {"code": "model_not_found", "message": "no"}, "choices": None}),
    JSONResponse({"choices": None}),
    JSONResponse({"choices": []}),
    JSONResponse({"choices": [{}]}),
    JSONResponse({"choices": [1]}),
    JSONResponse({"choices": "no"}),
    JSONResponse({"choices": [{"message": "no"}]}),
    JSONResponse({}),
    JSONResponse([]),
    JSONResponse(None),
    Response("<html>Sign in</html>", media_type="text/html"),
    Response("hello", media_type="text/plain"),
    Response("data: {}", media_type="text/event-stream"),
    Response("", media_type="application/json"),
    Response(WHOLE[:100], media_type="application/json"),
    Response("[" * 100_000, media_type="application/json"),
    Response(b"\xff\xfe{", media_type="application/json"),
    Response(b" " * (2 << 20) + WHOLE, media_type="application/json"),
    RedirectResponse("https://login.example.org", 302),
]


def cascade_of(llm: LlmClassifier) -> CascadeClassifier:
    return CascadeClassifier(Fake("local:1"), llm)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        *((reply, Abstention.REFUSED) for reply in REFUSED),
        *((reply, Abstention.BAD_ANSWER) for reply in TOO_LONG),
        (ABOUT_THE_CONTENT, Abstention.BAD_ANSWER),
        (wire.failed(400, message="bad bytes"), Abstention.BAD_ANSWER),
    ],
)
async def test_a_faulty_message_abstains_and_others_are_answered(
    reply: wire.Reply, reason: Abstention
) -> None:
    def answer(body: wire.Body) -> wire.Reply:
        return reply if "odd" in body["messages"][-1]["content"] else "BILLING"

    async with asked() as (classifier, server):
        server.answer = answer
        for _ in range(5):  # the same message may come repeatedly
            [prediction] = await classifier.classify(["odd"])
            assert (prediction.label, prediction.reason) == (None, reason)
        cascade = cascade_of(classifier)
        await cascade.classify(["odd"])
        assert cascade.degraded is None
        assert (await cascade.classify(["invoice"]))[0].label == "BILLING"
        body = server.requests[-1].body
    assert {"logprobs", "response_format", "max_tokens", "temperature"} <= body.keys()


@pytest.mark.parametrize("reply", [*REFUSED, *TOO_LONG])
async def test_many_refusals_in_a_row_are_not_the_endpoints_fault(
    reply: wire.Reply,
) -> None:
    async with asked() as (classifier, server):
        server.answer = lambda _: reply
        for number in range(6):
            assert (await classifier.classify([f"odd {number}"]))[0].abstained


async def test_an_unexplained_400_for_several_messages_is_the_endpoints_fault() -> None:
    async with asked() as (classifier, server):
        server.answer = lambda _: wire.failed(400)
        for text in ("one", "one", "two"):
            assert (await classifier.classify([text]))[0].reason is Abstention.BAD_ANSWER
        for text in ("three", "four"):
            with pytest.raises(ClassifierSetupError, match="OPENAI_BASE_URL"):
                await classifier.classify([text])
        server.answer = lambda _: "BILLING"
        assert (await classifier.classify(["five"]))[0].label == "BILLING"
        server.answer = lambda _: wire.failed(400)
        assert (await classifier.classify(["six"]))[0].abstained


@pytest.mark.parametrize("reply", NO_COMPLETION)
async def test_anything_but_a_completion_is_the_endpoints_fault_with_advice(
    reply: wire.Reply,
) -> None:
    async with asked() as (classifier, server):
        server.answer = lambda _: reply
        cascade = cascade_of(classifier)
        await cascade.classify(["invoice"])
        assert cascade.degraded is not None
        assert "check OPENAI_" in cascade.degraded or "fails with status 502" in cascade.degraded
        asked_before = len(server.requests)
        await cascade.classify(["crash"])
        assert len(server.requests) == asked_before


@pytest.mark.parametrize(
    ("reply", "kind", "names"),
    [
        (wire.failed(400, message="API key not valid"), ClassifierSetupError, "OPENAI_API_KEY"),
        (wire.failed(400, message="model x does not exist"), ClassifierSetupError, "OPENAI_MODEL"),
        (
            JSONResponse({"error": "No models loaded. Please load a model"}, 400),
            ClassifierSetupError,
            "OPENAI_MODEL",
        ),
        (
            wire.failed(400, message="Budget has been exceeded! Current cost: 5"),
            ClassifierUnavailableError,
            "add credit",
        ),
        (wire.failed(503), ClassifierUnavailableError, "fails with status 503"),
        (wire.failed(405), ClassifierSetupError, "OPENAI_BASE_URL"),
        (wire.failed(402), ClassifierUnavailableError, "add credit"),
        (wire.failed(529), ClassifierUnavailableError, "529, too many requests"),
        (JSONResponse({"error": {"code": 401}}), ClassifierSetupError, "OPENAI_API_KEY"),
        (JSONResponse({"error": {"code": 429}}), ClassifierUnavailableError, "max_concurrency"),
    ],
)
async def test_a_fault_of_the_endpoint_is_raised_at_once(
    reply: wire.Reply, kind: type[ClassifierError], names: str
) -> None:
    async with asked(reply, reply, reply) as (classifier, _):
        with pytest.raises(kind, match=names):
            await classifier.classify(["invoice"])


@pytest.mark.parametrize(
    "reply",
    [
        Response(WHOLE, media_type="text/plain"),
        Response(WHOLE, media_type="application/octet-stream"),
        wire.message(
            {
                "content": None,
                "tool_calls": [
                    {
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"label": "BILLING"}'},
                    }
                ],
            }
        ),
        wire.message({"content": "", "function_call": {"arguments": {"label": "BILLING"}}}),
        wire.message({"content": '{"label": "BILLING"}'}, finish_reason="content_filter"),
    ],
)
async def test_any_readable_answer_is_used(reply: wire.Reply) -> None:
    async with asked(reply) as (classifier, _):
        assert (await classifier.classify(["invoice"]))[0].label == "BILLING"


async def test_an_error_in_a_huge_body_is_read_up_to_a_megabyte() -> None:
    huge = Response(b'{"error": "' + b"x" * (64 << 20), 500, {"x-should-retry": "false"})
    async with asked(huge) as (classifier, _):
        with pytest.raises(ClassifierUnavailableError, match="500"):
            await classifier.classify(["invoice"])


async def test_a_packed_answer_is_not_unpacked() -> None:
    packed = Response(WHOLE, headers={"content-encoding": "gzip"}, media_type="application/json")
    async with asked(packed) as (classifier, server):
        assert (await classifier.classify(["invoice"]))[0].label == "BILLING"  # it was not packed
        assert server.requests[0].headers["accept-encoding"] == "identity"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("field", ["logprobs", "response_format"])
async def test_a_passing_400_drops_no_field(field: str) -> None:
    async with asked(wire.failed(400)) as (classifier, server):
        for _ in range(3):
            assert (await classifier.classify(["invoice"]))[0].label == "BILLING"
        assert field not in server.requests[1].body or field == "response_format"
        assert all(field in seen.body for seen in server.requests[2:])
        server.replies.extend([wire.failed(400), wire.failed(400)])
        await classifier.classify(["invoice"])
        await classifier.classify(["invoice"])
        assert field in server.requests[-1].body


async def test_a_field_that_is_doubted_repeatedly_is_left_out() -> None:
    def strict(body: wire.Body) -> wire.Reply:
        return wire.failed(400) if "logprobs" in body else "BILLING"

    async with asked() as (classifier, server):
        server.answer = strict
        for _ in range(5):
            await classifier.classify(["invoice"])
        assert ["logprobs" in seen.body for seen in server.requests] == [True, False] * 3 + [
            False,
            False,
        ]


async def test_a_field_is_tried_again_after_an_hour() -> None:
    clock = Clock()
    async with asked(now=clock) as (classifier, server):
        server.answer = wire.without("logprobs", lambda _: "BILLING")
        for _ in range(2):
            await classifier.classify(["invoice"])
        clock.now += LEFT_OUT_S
        await classifier.classify(["invoice"])
        server.answer = lambda _: "BILLING"  # the server was updated
        await classifier.classify(["invoice"])
        clock.now += LEFT_OUT_S
        await classifier.classify(["invoice"])
        await classifier.classify(["invoice"])
        sent = ["logprobs" in seen.body for seen in server.requests]
        assert sent == [True, False, False, True, False, False, True, True]


async def test_a_field_is_not_blamed_for_a_word_of_the_message() -> None:
    echo = wire.failed(400, message="cannot parse 'my logprobs and temperature are wrong'")
    async with asked() as (classifier, server):
        server.answer = lambda body: echo if "logprobs" in str(body["messages"]) else "BILLING"
        await classifier.classify(["my logprobs and temperature are wrong"])
        await classifier.classify(["invoice"])
        assert {"logprobs", "temperature"} <= server.requests[-1].body.keys()


async def test_a_limit_may_have_another_name() -> None:
    async with asked() as (classifier, server):
        server.answer = wire.without("max_tokens", lambda _: "BILLING")
        for _ in range(2):
            assert (await classifier.classify(["invoice"]))[0].label == "BILLING"
        assert [seen.body.get("max_completion_tokens") for seen in server.requests] == [
            None,
            100,
            100,
        ]


async def test_waiting_for_a_slot_is_not_the_endpoints_fault() -> None:
    async with asked(max_concurrency=1, timeout_s=0.6) as (classifier, server):
        server.answer = lambda _: wire.Slow("BILLING", 0.25)
        cascade = cascade_of(classifier)
        found = await asyncio.gather(
            *(cascade.classify([f"invoice {n}"]) for n in range(8)), return_exceptions=True
        )
        assert all(isinstance(one, list) for one in found)
        assert cascade.degraded is None
        assert len(server.requests) < 8
        with pytest.raises(NotAskedError, match="max_concurrency"):
            await asyncio.gather(*(classifier.classify([f"invoice {n}"]) for n in range(8)))
