from bot.admin.status import cost_line, warnings
from classifiers.config import LlmConfig
from storage.spending import Spent

SPENT = Spent(
    requests=1200, prompt_tokens=1_800_000, cached_tokens=900_000, completion_tokens=9, cost_usd=0.5
)


def test_a_day_of_costs_is_one_line() -> None:
    words = "1,200 calls, 1,800,000 tokens read (50% from a cache), 9 written, $0.5000"
    assert cost_line(SPENT, LlmConfig()) == words
    assert cost_line(SPENT, LlmConfig(daily_budget_usd=2)) == f"{words} of $2.00"
    assert cost_line(Spent(), LlmConfig()).startswith("0 calls, 0 tokens read (0% from a cache)")


def test_the_reasons_for_not_asking_the_llm_are_named() -> None:
    assert warnings(SPENT, None, LlmConfig()) == []
    assert warnings(SPENT, None, LlmConfig(daily_budget_usd=0.6)) == []
    spent, out = warnings(SPENT, "local model only since noon", LlmConfig(daily_budget_usd=0.5))[
        ::-1
    ]
    assert "daily_budget_usd = 0.5" in spent
    assert out == "local model only since noon"
