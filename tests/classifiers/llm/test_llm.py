import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from starlette.responses import JSONResponse

from classifiers.base import (
    Abstention,
    ClassifierSetupError,
    ClassifierUnavailableError,
    Example,
    Label,
    LabelSet,
    Neighbour,
    Prediction,
)
from classifiers.config import LlmChoice, LlmConfig
from classifiers.ledger import Ledger
from classifiers.llm.llm import LlmClassifier
from classifiers.llm.selection import Candidates, Retrieval
from tests.classifiers import openai_server as wire
from tests.classifiers.openai_server import OpenAiServer, openai_server

LABELS = LabelSet((Label("BILLING", "Invoices and payments"), Label("TECHNICAL", "Errors")))
TLS = ssl.create_default_context()  # shared, because it takes longer than a test
KEY = "sk-test-0123456789abcdefghij"


class WordIndex:
    """An index in which examples are similar if they share words."""

    def __init__(self, *examples: Example) -> None:
        self.examples = {example.id: example for example in examples}

    def nearest(self, texts: Sequence[str], k: int) -> list[list[Neighbour]]:
        return [self._nearest(set(text.split()), k) for text in texts]

    def _nearest(self, words: set[str], k: int) -> list[Neighbour]:
        found = [
            Neighbour(e.text, e.label, len(words & set(e.text.split())) / max(len(words), 1))
            for e in self.examples.values()
        ]
        return sorted(found, key=lambda neighbour: -neighbour.similarity)[:k]

    def put(self, examples: Sequence[Example]) -> None:
        self.examples |= {example.id: example for example in examples}

    def remove(self, ids: Sequence[str]) -> None:
        for each in ids:
            self.examples.pop(each, None)


INDEX = WordIndex(
    Example("1", "my invoice is wrong", "BILLING"),
    Example("2", "the app crashes when it starts", "TECHNICAL"),
)


@asynccontextmanager
async def asked(
    *replies: wire.Reply,
    index: WordIndex = INDEX,
    labels: LabelSet = LABELS,
    candidates: Candidates | None = None,
    ledger: Ledger | None = None,
    now: Callable[[], float] = time.monotonic,
    **settings: Any,
) -> AsyncIterator[tuple[LlmClassifier, OpenAiServer]]:
    async with openai_server() as server:
        server.replies.extend(replies)
        choice = LlmChoice(api_key=KEY, base_url=server.url)
        config = LlmConfig(**{"timeout_s": 60.0} | settings)  # long enough for a busy machine
        client = httpx2.AsyncClient(verify=TLS)
        retrieval = Retrieval(index, candidates)
        classifier = LlmClassifier(labels, choice, config, retrieval, client, ledger, now)
        try:
            yield classifier, server
        finally:
            await classifier.aclose()


async def one(reply: wire.Reply, **settings: Any) -> Prediction:
    async with asked(reply, **settings) as (classifier, _):
        return (await classifier.classify(["invoice is wrong"]))[0]


async def test_a_prediction_has_the_models_label_and_its_cost() -> None:
    prediction = await one(wire.answered("BILLING", cached_tokens=1024))
    assert prediction.label == "BILLING"
    assert prediction.classifier.startswith("llm:gpt-6-luna:")
    assert prediction.neighbours[0].text == "my invoice is wrong"
    assert prediction.alternatives[0].label == "BILLING"
    assert prediction.latency_ms > 0
    usage = prediction.usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (1500, 1024, 10)
    assert usage.cost_usd == pytest.approx((476 * 0.10 + 1024 * 0.01 + 10 * 0.50) / 1e6)


async def test_confidence_is_the_probability_of_the_labels_tokens() -> None:
    prediction = await one(wire.answered("BILLING", logprob=-0.1))
    assert prediction.confidence == pytest.approx(0.905, abs=0.001)  # of its only token


async def test_without_log_probabilities_confidence_is_agreement_with_neighbours() -> None:
    agreed, contradicted = await one("BILLING"), await one("TECHNICAL")
    assert 0 < contradicted.confidence < 0.75 < agreed.confidence < 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("SALES", Abstention.BAD_ANSWER),
        ("NONE_OF_THESE", Abstention.UNSURE),
        (wire.said("BILLING, I think"), Abstention.BAD_ANSWER),
        (wire.said(""), Abstention.BAD_ANSWER),
        (wire.said(None), Abstention.BAD_ANSWER),
        (wire.truncated(), Abstention.BAD_ANSWER),
        (wire.refused(), Abstention.REFUSED),
        (wire.filtered(), Abstention.REFUSED),
        (wire.failed(400, "content_filter"), Abstention.REFUSED),
        (wire.failed(400, "context_length_exceeded"), Abstention.BAD_ANSWER),
        (wire.failed(400, message="exceeds the available context size"), Abstention.BAD_ANSWER),
        (wire.failed(400, message="maximum context length is 4096"), Abstention.BAD_ANSWER),
        (wire.message({"content": 5}), Abstention.BAD_ANSWER),
        (wire.message({"content": {"label": "BILLING"}}), Abstention.BAD_ANSWER),
        (wire.said("[" * 100_000), Abstention.BAD_ANSWER),
        (wire.said('{"label":' * 50_000), Abstention.BAD_ANSWER),
        (wire.said("Category:" + " " * 100_000), Abstention.BAD_ANSWER),
        (wire.said("```json" + " " * 100_000), Abstention.BAD_ANSWER),
    ],
)
async def test_a_bad_answer_is_an_abstention(reply: wire.Reply, reason: Abstention) -> None:
    prediction = await one(reply)
    assert (prediction.label, prediction.reason) == (None, reason)


async def test_whole_lines_of_a_cut_off_answer_are_read() -> None:
    rambling = wire.said("Category: BILLING\nThis is beca", finish_reason="length")
    assert (await one(rambling)).label == "BILLING"
    cut = wire.said("Category: BILLING", finish_reason="length")  # may be part of a longer name
    assert (await one(cut)).reason is Abstention.BAD_ANSWER


@pytest.mark.parametrize("usage", [None, [], "no", {}, {"prompt_tokens": "7"}])
@pytest.mark.parametrize("steps", ["no", [1], [{"token": '{"label": "BILLING"}'}]])
async def test_malformed_extras_do_not_hide_a_good_answer(usage: Any, steps: Any) -> None:
    message = {"role": "assistant", "content": '{"label": "BILLING"}'}
    choice = {"message": message, "finish_reason": "stop", "logprobs": {"content": steps}}
    prediction = await one(JSONResponse({"choices": [choice], "usage": usage}))
    assert prediction.label == "BILLING"
    assert prediction.usage.prompt_tokens > 100  # estimated, because it is paid anyway
    assert prediction.usage.cost_usd > 0


@pytest.mark.parametrize(
    ("reply", "names"),
    [
        (wire.failed(401, message=f"Incorrect API key {KEY}"), "OPENAI_API_KEY"),
        (wire.failed(403), "OPENAI_MODEL"),
        (wire.failed(404), "OPENAI_BASE_URL"),
    ],
)
async def test_a_wrong_setting_is_named(reply: wire.Reply, names: str) -> None:
    with pytest.raises(ClassifierSetupError, match=names) as raised:
        await one(reply)
    assert KEY not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "reply", [wire.quota_spent(), wire.failed(500), wire.failed(503), wire.failed(429)]
)
async def test_a_failing_endpoint_is_unavailable(reply: wire.Reply) -> None:
    with pytest.raises(ClassifierUnavailableError):
        await one(reply)


async def test_a_hanging_endpoint_is_unavailable_within_the_deadline() -> None:
    with pytest.raises(ClassifierUnavailableError, match="more than"):
        await one(wire.Hang(), timeout_s=0.1)


async def test_waiting_for_a_slot_counts_towards_the_deadline() -> None:
    async with asked(wire.Hang(), timeout_s=0.2, max_concurrency=1) as (classifier, server):
        stuck = asyncio.create_task(classifier.classify(["first"]))
        with pytest.raises(ClassifierUnavailableError, match="timeout_s"):
            await asyncio.gather(classifier.classify(["second"]), stuck)
        assert len(server.requests) <= 1  # the first, if it was sent in time


async def test_a_batch_may_take_a_deadline_per_round() -> None:
    def slow(_: wire.Body) -> wire.Reply:
        return wire.Slow("BILLING", 0.15)

    async with asked(timeout_s=0.6, max_concurrency=1) as (classifier, server):
        server.answer = slow
        predictions = await classifier.classify(["invoice"] * 6)
    assert {one.label for one in predictions} == {"BILLING"}


async def test_the_deadline_limits_the_retries_a_server_asks_for() -> None:
    busy = JSONResponse({"error": {}}, 429, {"retry-after": "4"})
    with pytest.raises(ClassifierUnavailableError, match="more than"):
        await one(busy, timeout_s=0.1)


async def test_a_long_retry_after_is_not_waited_for() -> None:
    busy = JSONResponse({"error": {}}, 429, {"retry-after": "30"})
    async with asked(busy, timeout_s=20) as (classifier, server):
        with pytest.raises(ClassifierUnavailableError, match="429"):
            await classifier.classify(["invoice"])
        assert len(server.requests) == 1


def dropped(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.RemoteProtocolError("server disconnected")


async def test_a_dropped_connection_is_retried() -> None:
    async with asked(wire.Drop(b""), "BILLING") as (classifier, server):
        assert (await classifier.classify(["invoice"]))[0].label == "BILLING"
        assert len(server.requests) == 2


async def test_an_unreachable_endpoint_is_unavailable() -> None:
    transport = httpx2.MockTransport(dropped)
    client = httpx2.AsyncClient(transport=transport)
    choice = LlmChoice("m", KEY, "http://nobody.invalid/v1")
    classifier = LlmClassifier(LABELS, choice, LlmConfig(timeout_s=0.2), http_client=client)
    with pytest.raises(ClassifierUnavailableError):
        await classifier.classify(["invoice"])
    await classifier.aclose()


async def test_a_passing_failure_is_retried() -> None:
    async with asked(wire.failed(500, retry=True), "BILLING") as (classifier, server):
        assert (await classifier.classify(["invoice"]))[0].label == "BILLING"
        assert len(server.requests) == 2


@pytest.mark.parametrize("field", ["response_format", "logprobs", "temperature", "max_tokens"])
async def test_a_rejected_field_is_left_out_from_then_on(field: str) -> None:
    async with asked() as (classifier, server):
        server.answer = wire.without(field, lambda _: "TECHNICAL")
        for _ in range(2):
            assert (await classifier.classify(["it crashes"]))[0].label == "TECHNICAL"
        assert [field in seen.body for seen in server.requests] == [True, False, False]


async def test_a_server_that_does_not_name_a_field_gets_plain_text() -> None:
    def plain(body: wire.Body) -> wire.Reply:
        return wire.failed(400) if "response_format" in body else wire.said("Category: billing")

    async with asked() as (classifier, server):
        server.answer = plain
        predictions = await classifier.classify(["invoice"])
        assert predictions[0].label == "BILLING"
        assert "logprobs" not in server.requests[-1].body


async def test_text_answers_of_a_server_without_schemas_are_checked() -> None:
    replies = iter(["Category: BILLING", "category: billing\n", '{"label": "BILLING"}', "Sales!"])

    def plain(body: wire.Body) -> wire.Reply:
        if "response_format" in body:
            return wire.failed(400, message="response_format is not supported")
        return wire.said(next(replies))

    async with asked() as (classifier, server):
        server.answer = plain
        found = [(await classifier.classify(["invoice"]))[0] for _ in range(4)]
    assert [one.label for one in found] == ["BILLING", "BILLING", "BILLING", None]
    assert found[-1].reason is Abstention.BAD_ANSWER
    assert len(server.requests) == 5  # the field is rejected once


async def test_more_labels_than_fit_are_narrowed_to_the_candidates() -> None:
    labels = LabelSet(tuple(Label(f"L{n:03}", "words " * 30) for n in range(300)))

    def likely(text: str) -> Sequence[str]:
        assert text == "hello there"
        return ["L250", "L007", "unheard of"]

    async with asked("L250", labels=labels, candidates=likely, label_tokens=500) as (
        classifier,
        server,
    ):
        assert (await classifier.classify(["hello there"]))[0].label == "L250"
        offered = wire.offered(server.requests[0].body)
    assert {"L007", "L250"} <= set(offered)
    assert len(offered) < 20


async def test_77_labels_are_all_offered_in_order() -> None:
    labels = LabelSet(tuple(Label(f"some intent number {n}", "about " * 12) for n in range(77)))

    def unwanted(_: str) -> Sequence[str]:
        raise AssertionError

    async with asked("some intent number 76", labels=labels, candidates=unwanted) as (
        classifier,
        server,
    ):
        for text in ("invoice", "crash"):
            server.replies.append("some intent number 76")
            assert (await classifier.classify([text]))[0].label == "some intent number 76"
        first, second = (seen.messages[0] for seen in server.requests)
    assert wire.offered(server.requests[0].body)[:77] == list(labels.names)
    assert first == second


async def test_text_mode_asks_for_no_schema() -> None:
    async with asked("BILLING", structured="text") as (classifier, server):
        await classifier.classify(["invoice"])
        assert "response_format" not in server.requests[0].body


async def test_other_servers_get_only_standard_fields() -> None:
    async with asked("BILLING") as (classifier, server):
        await classifier.classify(["invoice"])
        body = server.requests[0].body
    assert body["temperature"] == 0
    assert not {"store", "reasoning_effort", "max_completion_tokens"} & body.keys()
    assert body["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize("url", [None, "https://desk.openai.azure.com/openai/v1/"])
async def test_openai_and_azure_are_told_to_store_nothing(url: str | None) -> None:
    bodies: list[bytes] = []

    def official(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.content)
        assert str(request.url).startswith(url or "https://api.openai.com/v1/")
        assert request.url.path.endswith("/v1/chat/completions")
        return httpx2.Response(200, content=bytes(wire.answered("BILLING").body))

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(official))
    classifier = LlmClassifier(LABELS, LlmChoice("m", KEY, url), http_client=client)
    await classifier.classify(["invoice"])
    await classifier.aclose()
    assert b'"store":false' in bodies[0]
    assert b'"reasoning_effort":"none"' in bodies[0]
    assert b"temperature" not in bodies[0]


def test_openai_needs_a_key() -> None:
    with pytest.raises(ClassifierSetupError, match="OPENAI_API_KEY"):
        LlmClassifier(LABELS, LlmChoice())


async def test_messages_and_shots_are_redacted() -> None:
    index = WordIndex(Example("1", "invoice for bob@example.org", "BILLING"))
    async with asked("BILLING", index=index) as (classifier, server):
        await classifier.classify(["invoice to +44 20 7946 0958 please"])
        sent = str(server.requests[0].body)
    assert "bob@example.org" not in sent
    assert "7946" not in sent
    assert "EMAIL_1" in sent
    assert "PHONE_1" in sent


async def test_neither_text_nor_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await one("BILLING")
    assert "invoice" not in caplog.text
    assert KEY not in caplog.text
    assert KEY not in repr(LlmChoice("m", KEY))


async def test_texts_without_words_are_not_sent() -> None:
    async with asked() as (classifier, server):
        predictions = await classifier.classify(["", " \n", "!!! 🙂", ":tada: …"])
    assert {prediction.reason for prediction in predictions} == {Abstention.EMPTY}
    assert server.requests == []


async def test_one_failing_message_of_a_batch_abstains_and_the_rest_are_answered() -> None:
    def half(body: wire.Body) -> wire.Reply:
        return wire.failed(500) if "boom" in body["messages"][-1]["content"] else "BILLING"

    async with asked() as (classifier, server):
        server.answer = half
        good, bad = await classifier.classify(["invoice", "boom"])
    assert good.label == "BILLING"
    assert (bad.label, bad.reason) == (None, Abstention.UNSURE)


async def test_answers_keep_the_order_of_texts_and_the_limit_of_concurrency() -> None:
    texts = [f"the app crashes {n}" if n % 2 else f"my invoice {n}" for n in range(20)]
    async with asked(max_concurrency=3) as (classifier, _):
        predictions = await classifier.classify(texts)
    assert [p.label for p in predictions] == ["BILLING", "TECHNICAL"] * 10


async def test_learnt_examples_are_shown_until_they_are_removed() -> None:
    index = WordIndex()
    async with asked(index=index) as (classifier, server):
        await classifier.learn([Example("9", "the app crashes", "TECHNICAL")])
        await classifier.learn([Example("9", "the app crashes", "TECHNICAL")])
        assert (await classifier.classify(["my app crashes"]))[0].label == "TECHNICAL"
        assert len(server.requests[0].messages) == 4
        await classifier.learn([], ["9", "unknown"])
        await classifier.classify(["my app crashes"])
        assert len(server.requests[1].messages) == 2


async def test_a_fine_tuned_model_is_asked_without_shots() -> None:
    async with openai_server() as server:
        choice = LlmChoice("m", KEY, server.url, tuned=True)
        classifier = LlmClassifier(LABELS, choice, retrieval=Retrieval(INDEX))
        await classifier.classify(["invoice"])
        await classifier.aclose()
        assert [turn["role"] for turn in server.requests[0].messages] == ["system", "user"]


def test_the_version_changes_with_the_labels_and_the_model() -> None:
    choice = LlmChoice("m", KEY)
    others = LabelSet((*LABELS.labels, Label("OTHER")))
    versions = {
        LlmClassifier(LABELS, choice).version,
        LlmClassifier(others, choice).version,
        LlmClassifier(LABELS, replace(choice, model="n")).version,
    }
    assert len(versions) == 3
