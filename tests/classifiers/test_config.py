import pytest
from pydantic import ValidationError

from classifiers.base import ClassifierSetupError, Label, LabelSet
from classifiers.config import LlmChoice, LlmConfig, Price
from classifiers.factory import LlmUse, make_classifier


def test_the_price_of_the_shipped_model_is_kept_beside_given_prices() -> None:
    config = LlmConfig.model_validate(
        {"prices": {"mine": {"prompt": 1, "cached": 0.5, "completion": 2}}}
    )
    assert set(config.prices) == {"gpt-6-luna", "mine"}
    assert config.prices["mine"].cost_usd(1000, 400, 10) == pytest.approx(820e-6)


def test_the_shipped_price_may_be_corrected() -> None:
    price = Price(prompt=9, cached=9, completion=9)
    assert LlmConfig(prices={"gpt-6-luna": price}).prices == {"gpt-6-luna": price}


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"timeout_s": 0}, "timeout_s"),
        ({"daily_budget_usd": -1}, "daily_budget_usd"),
        ({"daily_budget": 1}, "daily_budget"),
        ({"prices": {"m": {"prompt": 1}}}, "prices"),
        ({"structured": "yaml"}, "structured"),
    ],
)
def test_a_bad_setting_is_named(table: dict[str, object], key: str) -> None:
    with pytest.raises(ValidationError, match=key):
        LlmConfig.model_validate(table)


def test_a_budget_for_a_model_without_a_price_is_refused() -> None:
    labels = LabelSet((Label("A", "apples"), Label("B", "bread")))
    use = LlmUse(LlmConfig(daily_budget_usd=1.0))
    with pytest.raises(ClassifierSetupError, match=r'\[llm\.prices\."llama"\]'):
        make_classifier("cascade", labels, 0.9, LlmChoice("llama", "", "http://x/v1"), use=use)


@pytest.mark.parametrize(
    ("url", "known"),
    [
        (None, (True, True)),
        ("https://api.openai.com/v1/", (True, True)),
        ("https://desk.openai.azure.com/openai/v1/", (False, True)),
        ("http://localhost:11434/v1/", (False, False)),
        ("https://api.openai.com.evil.example/v1/", (False, False)),
    ],
)
def test_openai_and_azure_accept_openais_fields(url: str | None, known: tuple[bool, bool]) -> None:
    choice = LlmChoice("m", "key", url)
    assert (choice.official, choice.openai_fields) == known
