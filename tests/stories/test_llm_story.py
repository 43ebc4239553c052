"""With an LLM: it is asked of what local is unsure of, paid for, and done without when it fails."""

from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.config.config import Config
from classifiers.config import LlmConfig, Price
from storage.messages import MessageId
from storage.records import Record, Records
from storage.server.protocol import Client
from tests.classifiers import openai_server as wire
from tests.classifiers.openai_server import OpenAiServer, openai_server
from tests.sandbox.running import eventually
from tests.stories.conftest import BILLING, SUPPORT, Story, telling

PRICES = {"small": Price(prompt=100, cached=10, completion=500)}  # a message costs 0.155 dollars
ODD = "Wonders never cease, you would not believe it"


def with_llm(server: OpenAiServer) -> dict[str, Any]:
    return {
        "openai_base_url": server.url,
        "openai_api_key": SecretStr("sk-x"),
        "openai_model": "small",
    }


@pytest.fixture
def priced(config: Config) -> Config:
    llm = LlmConfig(prices=PRICES, daily_budget_usd=0.3, timeout_s=20)
    return config.model_copy(update={"llm": llm})


async def record_of(story: Story, ts: str) -> Record:
    async def found() -> Record | None:
        identity = MessageId(team=story.bot.team, channel=SUPPORT, ts=ts)
        record = await Records(story.redis).get(identity)
        return record if record is not None and record.prediction is not None else None

    record: Record = await eventually(found, 25)
    return record


async def test_what_it_costs_is_kept_counted_shown_and_bounded(
    redis: Client, valkey_url: str, priced: Config
) -> None:
    async with openai_server(lambda _: "BILLING") as server:
        async with telling(redis, valkey_url, priced, **with_llm(server)) as story:
            ts = await story.write(ODD)
            await story.shows(ts, "moneybag", BILLING)
            prediction = (await record_of(story, ts)).prediction
            assert prediction is not None
            assert prediction.classifier.startswith("llm:small:")
            assert prediction.usage.prompt_tokens == 1500
            assert prediction.usage.cost_usd == pytest.approx(0.155)
            status = await story.command("status")
            assert "1 call, 1,500 tokens read (0% from a cache), 10 written" in status
            assert "$0.1550 of $0.30" in status
            await record_of(story, await story.write(f"{ODD}, again"))
            left_alone = await record_of(story, await story.write(f"{ODD}, once more"))
            assert left_alone.prediction is not None
            assert left_alone.prediction.classifier.startswith("local:")
            assert "budget ([llm] daily_budget_usd = 0.3) is spent" in await story.command("status")
            assert len(server.requests) == 2
        # Another process, after a restart, knows what was spent.
        async with telling(redis, valkey_url, priced, **with_llm(server)) as story:
            await record_of(story, await story.write(f"{ODD}, after a restart"))
            assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (wire.quota_spent(), "quota of OPENAI_API_KEY is spent"),
        (HTMLResponse("<html>Sign in</html>"), "answers with a web page instead of JSON"),
        (JSONResponse({"error": {"message": "no"}}), "an error instead of a completion"),
        (wire.message({"content": "", "reasoning": "hm"}, finish_reason="length"), "on thinking"),
    ],
)
async def test_without_it_local_answers_alone_and_status_says_why(
    redis: Client, valkey_url: str, priced: Config, reply: Response, told: str
) -> None:
    llm = priced.llm.model_copy(update={"daily_budget_usd": 10.0})
    config = priced.model_copy(update={"llm": llm})
    async with (
        openai_server(lambda _: reply) as server,
        telling(redis, valkey_url, config, **with_llm(server)) as story,
    ):
        record = await record_of(story, await story.write(ODD))
        assert record.prediction is not None
        assert record.prediction.classifier.startswith("local:")
        assert told in await story.command("status")


async def test_one_refused_message_keeps_nobody_else_from_the_llm(
    redis: Client, valkey_url: str, priced: Config
) -> None:
    def answer(body: wire.Body) -> wire.Reply:
        flagged = "awful" in body["messages"][-1]["content"]
        return wire.failed(400, "invalid_prompt") if flagged else "BILLING"

    async with (
        openai_server(answer) as server,
        telling(redis, valkey_url, priced, **with_llm(server)) as story,
    ):
        await record_of(story, await story.write("Something awful that never ceases"))
        assert "local model only since" not in await story.command("status")
        record = await record_of(story, await story.write(ODD))
        assert record.prediction is not None
        assert record.prediction.classifier.startswith("llm:small:")
