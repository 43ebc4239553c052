"""Completions of any shape: nothing that a server sends makes the cascade raise."""

import json
import math
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers.base import Abstention, Usage
from classifiers.config import Price
from classifiers.llm import completion, prompt
from classifiers.llm.meter import Estimate
from classifiers.llm.rejection import Rejection
from classifiers.llm.wire import MOST_BYTES

EXPECTED = Estimate(prompt=100, most_prompt=2_000, most_completion=200)
PRICE = Price(prompt=1, cached=1, completion=1)
NAMES = ("BILLING", "TECHNICAL")
SAID = '{"label": "BILLING"}'

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(
        ["<think>", "</think>", SAID, "Category: BILLING", "length", "stop", "BILLING"]
    ),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.fixed_dictionaries({}, optional={k: st.one_of(v, ANYTHING) for k, v in fields.items()}),
        ANYTHING,
    )


STEP = some(token=st.sampled_from(["{", '"label": "', "BILLING", '"}']), logprob=st.floats())
MESSAGE = some(
    content=st.one_of(st.text(), st.lists(some(type=st.just("text"), text=st.text()))),
    reasoning_content=st.text(),
    refusal=st.none(),
)
CHOICE = some(
    message=MESSAGE,
    finish_reason=st.sampled_from(["stop", "length", "content_filter"]),
    logprobs=some(content=st.lists(STEP, max_size=6)),
)
COUNT = st.integers(-10, 10**13)
DOCUMENTS = some(
    choices=st.lists(CHOICE, max_size=2),
    usage=some(
        prompt_tokens=COUNT,
        completion_tokens=COUNT,
        prompt_tokens_details=some(cached_tokens=COUNT),
    ),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(DOCUMENTS)
def test_any_document_is_read_without_raising(document: Any) -> None:
    answer = completion.read(document)
    assert isinstance(answer.text, str)
    assert (answer.reason is None) == bool(answer.text)
    assert prompt.parse(answer.text, NAMES) in {None, *NAMES}
    used = completion.usage(document, PRICE, EXPECTED)
    assert 0 <= used.cached_tokens <= used.prompt_tokens <= EXPECTED.most_prompt
    assert 0 <= used.completion_tokens <= EXPECTED.most_completion
    assert 0 <= used.cost_usd <= (EXPECTED.most_prompt + EXPECTED.most_completion) / 1e6
    certainty = completion.certainty(document, "BILLING")
    assert certainty is None or 0 < certainty <= 1
    json.dumps(used.cost_usd)


@settings(max_examples=300, deadline=None)
@given(st.integers(), ANYTHING)
def test_any_error_has_a_cause(status: int, body: Any) -> None:
    for rejection in (Rejection.of(status, body), Rejection.within(body)):
        assert rejection.cause
        rejection.names(["logprobs"], "")


@pytest.mark.parametrize("logprob", [1000, 10**400, math.inf, math.nan, -math.inf, True, "0", None])
def test_an_invalid_log_probability_gives_no_confidence_above_one(logprob: Any) -> None:
    steps = [{"token": SAID, "logprob": logprob}]
    choice = {"message": {"content": SAID}, "logprobs": {"content": steps}}
    certainty = completion.certainty({"choices": [choice]}, "BILLING")
    assert certainty is None or 0 < certainty <= 1


@pytest.mark.parametrize("token", [5, None, ["a"], {"a": 1}])
def test_tokens_that_are_not_text_are_ignored(token: Any) -> None:
    choice = {"message": {"content": "5"}, "logprobs": {"content": [{"token": token}]}}
    assert completion.certainty({"choices": [choice]}, "5") is None


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": -5, "completion_tokens": -1},
        {"prompt_tokens": 10**12, "completion_tokens": 10**12},
        {"prompt_tokens": True, "completion_tokens": "7"},
        {"prompt_tokens": 1.5},
        "no",
        [1],
    ],
)
def test_missing_token_counts_are_estimated(usage: Any) -> None:
    choice = {"message": {"content": SAID, "reasoning": "x" * 40}}
    found = completion.usage({"choices": [choice], "usage": usage}, PRICE, EXPECTED)
    assert found == Usage(100, 0, 15, 115e-6)


@pytest.mark.parametrize(
    "text",
    [
        "Category:" + " " * 200_000,
        "*" * 200_000 + "category",
        "```json" + " \n" * 100_000,
        "```" * 60_000,
        "<think>" * 40_000,
        "</think>" * 40_000,
        "{" * 200_000,
        '{"label":' * 30_000,
        '{"' * 100_000,
        "[" * 200_000,
        "category" + "_" * 200_000 + ":",
    ],
)
def test_any_answer_is_read_in_linear_time(text: str) -> None:
    started = time.process_time()
    answer = completion.read({"choices": [{"message": {"content": text}}]})
    prompt.parse(answer.text, NAMES)
    prompt.declined(answer.text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("piece", ["<", "< ", "<a", "\n[[", "&lt;<", "</think>0", "a"])
def test_the_longest_answer_is_read_in_a_moment(piece: str) -> None:
    text = piece * (MOST_BYTES // len(piece)) + "\nBILLING"
    started = time.process_time()
    answer = completion.read({"choices": [{"message": {"content": text}}]})
    prompt.parse(answer.text, NAMES)
    prompt.declined(answer.text)
    assert time.process_time() - started < 0.5


def test_an_answer_after_long_thinking_is_read() -> None:
    text = "<think>" + "hmm " * 100_000 + "</think>\nBILLING"
    assert completion.read({"choices": [{"message": {"content": text}}]}).text == "BILLING"


@pytest.mark.parametrize("finish", ["SAFETY", "safety", "content_filter", "prohibited_content"])
def test_a_filtered_answer_is_a_refusal(finish: str) -> None:
    choice = {"message": {"content": ""}, "finish_reason": finish}
    assert completion.read({"choices": [choice]}).reason is Abstention.REFUSED
