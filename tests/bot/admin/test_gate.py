"""A comparison counts towards the LLM's daily budget, and stops once that is spent."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.admin.gate import Gate
from bot.config.config import Settings, load_config
from classifiers.config import LlmConfig, Price
from classifiers.embedding.minilm import MiniLmEmbedder
from storage.models import ModelError
from storage.server.protocol import Client
from storage.spending import Spending
from storage.stores import Stores
from tests.classifiers.openai_server import openai_server
from tests.learning.teaching import add_recipe, teach

TEAM = "T"
CONFIG = load_config(Path("triage.toml"))
PRICES = {"small": Price(prompt=100, cached=10, completion=500)}  # a message costs 0.155 dollars


@pytest.mark.parametrize(("budget", "requests"), [(0.4, 3), (0.01, 1)])
async def test_a_comparison_stops_once_the_budget_is_spent(
    redis: Client, budget: float, requests: int
) -> None:
    await teach(redis, TEAM, 25, CONFIG.label_set.version)
    await add_recipe(redis, TEAM, CONFIG, 99.0)
    llm = LlmConfig(prices=PRICES, daily_budget_usd=budget, error_price_usd=1e6, timeout_s=20)
    config = CONFIG.model_copy(update={"llm": llm})
    async with openai_server(lambda _: "BILLING") as server:
        settings = Settings(
            openai_base_url=server.url, openai_api_key=SecretStr("sk-x"), openai_model="small"
        )
        spending = Spending(redis, TEAM)
        gate = Gate(
            settings,
            config,
            Stores(redis, TEAM),
            MiniLmEmbedder(),
        )
        with pytest.raises(ModelError, match=r"daily_budget_usd = 0\.\d+\) is spent"):
            await gate.judge()
        spent = await spending.today()
        assert len(server.requests) == spent.requests == requests
        assert spent.trial_usd == spent.cost_usd == pytest.approx(0.155 * requests)
        with pytest.raises(ModelError, match="Try again after 00:00 UTC"):
            await gate.judge()
        assert len(server.requests) == requests
