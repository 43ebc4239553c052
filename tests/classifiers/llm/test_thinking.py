"""Models that think before they answer, or do not answer."""

import json
from typing import Any

import httpx2
import pytest

from classifiers.base import Abstention, ClassifierSetupError
from classifiers.config import LlmChoice
from classifiers.llm.llm import LlmClassifier
from classifiers.llm.thinking import thinks, without_thinking
from tests.classifiers import openai_server as wire
from tests.classifiers.llm.test_llm import LABELS, asked, one

ANSWER = '{"label": "BILLING"}'
THOUGHT = 'It may be {"label": "TECHNICAL"}, but it is not.'
SPENT: list[tuple[dict[str, Any], str]] = [
    ({"content": ""}, "length"),
    ({"content": None}, "length"),
    ({"content": "", "reasoning_content": THOUGHT}, "length"),
    ({"content": None, "reasoning": THOUGHT}, "length"),
    ({"content": "", "reasoning_details": [{"text": THOUGHT}]}, "stop"),
    ({"content": f"<think>{THOUGHT}"}, "length"),
    ({"content": f"<think>{THOUGHT}"}, "stop"),
    ({"content": f"<think>{THOUGHT}</think>"}, "length"),
    ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "x"}]}]}, "length"),
]


@pytest.mark.parametrize(
    "content",
    [
        f"<think>{THOUGHT}</think>{ANSWER}",
        f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}\n",
        f"{THOUGHT}</think>{ANSWER}",
        f"</think>{ANSWER}",
        f"<think></think>\n{ANSWER}",
        f"<THINKING>{THOUGHT}</THINKING> Category: BILLING",
        f"[THINK]{THOUGHT}[/THINK]{ANSWER}",
        f"\u25c1think\u25b7{THOUGHT}\u25c1/think\u25b7{ANSWER}",
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|channel|>final<|message|>{ANSWER}",
        f"<think>{THOUGHT}</think><think>{THOUGHT}</think>{ANSWER}",
        f"{ANSWER}<think>{THOUGHT}",
        f"{ANSWER}<think>{THOUGHT}</think>",
        f"<think>{THOUGHT}</think>```json\n{ANSWER}\n```",
        f"```\n{ANSWER}\n```",
        f"Here you are:\n```json\n{ANSWER}\n```\nAnything else?",
        f"The answer is {ANSWER}.",
        '\ufeff{\n  "label": "BILLING"\n}',
        [{"type": "text", "text": ANSWER}],
        [{"type": "text", "text": '{"label": '}, {"type": "text", "text": '"BILLING"}'}],
        [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": ANSWER}],
        [ANSWER],
    ],
)
async def test_an_answer_is_read_wherever_it_is(content: Any) -> None:
    assert (await one(wire.message({"content": content}))).label == "BILLING"


async def test_an_answer_misparsed_as_thinking_is_read() -> None:
    found = {"content": None, "reasoning_content": ANSWER}
    assert (await one(wire.message(found))).label == "BILLING"


async def test_json_before_the_cut_is_read() -> None:
    assert (await one(wire.said(f"{ANSWER} because", finish_reason="length"))).label == "BILLING"
    thought = wire.said(f"Well, {THOUGHT}\nStill", finish_reason="length")
    async with asked(thought, thought) as (classifier, _):
        assert (await classifier.classify(["invoice"]))[0].label is None


def test_thinking_is_removed() -> None:
    assert without_thinking("a<think>b</think>c") == "c"
    assert without_thinking("b</think>c<think>d") == "c"
    assert without_thinking("a") == "a"
    assert not without_thinking("<think>b")
    assert not without_thinking("b</think> ").strip()
    assert thinks("b</think>")
    assert not thinks("I think <so>")


@pytest.mark.parametrize(("message", "finish"), SPENT)
async def test_a_model_that_thinks_is_told_not_to(message: dict[str, Any], finish: str) -> None:
    def thinker(body: wire.Body) -> wire.Reply:
        template = body.get("chat_template_kwargs", {})
        quiet = body.get("reasoning_effort") == "none" or template.get("enable_thinking") is False
        return "BILLING" if quiet else wire.message(message, finish_reason=finish)

    async with asked() as (classifier, server):
        server.answer = thinker
        for _ in range(2):
            assert (await classifier.classify(["invoice"]))[0].label == "BILLING"
        assert len(server.requests) == 3
        assert "chat_template_kwargs" not in server.requests[0].body


async def test_unavoidable_thinking_gets_more_tokens() -> None:
    def stubborn(body: wire.Body) -> wire.Reply:
        if "reasoning_effort" in body:
            return wire.failed(400, message="Unrecognized request argument: reasoning_effort")
        if "chat_template_kwargs" in body:
            return wire.failed(422, message="chat_template_kwargs: extra_forbidden")
        if body["max_tokens"] < 1_000:
            return wire.message({"content": "", "reasoning": "hm"}, finish_reason="length")
        return wire.message({"content": ANSWER, "reasoning": "hm"})

    async with asked() as (classifier, server):
        server.answer = stubborn
        for _ in range(2):
            assert (await classifier.classify(["invoice"]))[0].label == "BILLING"
        assert server.requests[-1].body["max_tokens"] <= 4_096
        assert {"logprobs", "response_format"} <= server.requests[-1].body.keys()


@pytest.mark.parametrize(("message", "finish"), SPENT)
async def test_a_model_that_only_thinks_is_a_wrong_setting_after_two_requests(
    message: dict[str, Any], finish: str
) -> None:
    async with asked() as (classifier, server):
        server.answer = lambda _: wire.message(message, finish_reason=finish)
        with pytest.raises(ClassifierSetupError, match="spends its answers on thinking"):
            await classifier.classify(["invoice"])
        assert len(server.requests) == 2
        with pytest.raises(ClassifierSetupError, match="OPENAI_MODEL"):
            await classifier.classify(["invoice"])
        assert len(server.requests) == 3


async def test_a_message_that_only_gets_thinking_is_an_abstention() -> None:
    def thinker(body: wire.Body) -> wire.Reply:
        odd = "odd" in body["messages"][-1]["content"]
        spent = wire.message({"content": "", "reasoning": "hm"}, finish_reason="length")
        return spent if odd else wire.message({"content": ANSWER, "reasoning": "hm"})

    async with asked() as (classifier, server):
        server.answer = thinker
        await classifier.classify(["invoice"])
        for text in ("odd", "odd", "odd", "odd 2"):
            assert (await classifier.classify([text]))[0].reason is Abstention.BAD_ANSWER
        with pytest.raises(ClassifierSetupError, match="thinking"):
            await classifier.classify(["odd 3"])


async def test_a_late_thinking_model_is_named() -> None:
    def slow(body: wire.Body) -> wire.Reply:
        return wire.Hang() if "reasoning_effort" in body else wire.said("", finish_reason="length")

    async with asked(timeout_s=0.5) as (classifier, server):
        server.answer = slow
        with pytest.raises(Exception, match="It thinks before it answers"):
            await classifier.classify(["invoice"])


async def test_openai_is_asked_for_less_thinking_if_none_is_rejected() -> None:
    bodies: list[dict[str, Any]] = []

    def reasoning(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        bodies.append(body)
        if body.get("reasoning_effort") == "none":
            said = "Unsupported value: 'reasoning_effort' does not support 'none' with this model."
            return httpx2.Response(400, json={"error": {"message": said}})
        used = {"completion_tokens": 100, "completion_tokens_details": {"reasoning_tokens": 100}}
        reply = wire.answered("BILLING")
        if body["max_completion_tokens"] < 1_000:
            reply = wire.message({"content": ""}, finish_reason="length", usage=used)
        headers = {"content-type": "application/json"}
        return httpx2.Response(200, content=bytes(reply.body), headers=headers)

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(reasoning))
    classifier = LlmClassifier(LABELS, LlmChoice("m", "sk-x"), http_client=client)
    for _ in range(2):
        assert (await classifier.classify(["invoice"]))[0].label == "BILLING"
    await classifier.aclose()
    assert [one["reasoning_effort"] for one in bodies] == ["none", "low", "low", "low"]
