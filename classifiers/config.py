"""The tables `[llm]` and `[local]` of triage.toml, the prices of tokens, and the chosen model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

OFFICIAL_URL = "https://api.openai.com/v1"
_AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")


@dataclass(frozen=True, slots=True)
class LlmChoice:
    """A model at an OpenAI-compatible endpoint, by default OpenAI.

    A `tuned` model was trained on the team's examples, so its prompt contains none.
    """

    model: str = "gpt-6-luna"
    api_key: str = field(default="", repr=False)
    base_url: str | None = None
    tuned: bool = False

    @property
    def url(self) -> str:
        """Return the base URL of the endpoint."""
        return self.base_url or OFFICIAL_URL

    @property
    def official(self) -> bool:
        """Return True for OpenAI, which requires a key."""
        return urlsplit(self.url).hostname == "api.openai.com"

    @property
    def openai_fields(self) -> bool:
        """Return True if the endpoint accepts fields specific to OpenAI, as OpenAI and Azure do."""
        return self.official or (urlsplit(self.url).hostname or "").endswith(_AZURE)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(_Frozen):
    """The price of a model in US dollars per 1M tokens of prompt, cached prompt and completion."""

    prompt: float = Field(ge=0)
    cached: float = Field(ge=0)
    completion: float = Field(ge=0)

    def cost_usd(self, prompt: int, cached: int, completion: int) -> float:
        """Return the cost of a request in US dollars; `prompt` includes the `cached` tokens."""
        fresh = (prompt - cached) * self.prompt
        return (fresh + cached * self.cached + completion * self.completion) / 1e6


SHIPPED_PRICES = {"gpt-6-luna": Price(prompt=0.10, cached=0.01, completion=0.50)}


@dataclass(frozen=True, slots=True)
class FewShot:
    """Limits of the examples and labels in a prompt; `max_shots=0` is for fine-tuned models."""

    max_shots: int = 16
    max_labels: int = 6  # likely labels that the shots are spread over
    shot_tokens: int = 1200
    label_tokens: int = 6000  # names and descriptions; if they take more, labels are left out
    pool: int = 60  # nearest examples from which shots are chosen


class LlmConfig(_Frozen):
    """The table `[llm]`: limits of requests, the budget, and the price of an error."""

    timeout_s: float = Field(default=6.0, gt=0, le=300)  # of a message, with waiting and retries
    max_concurrency: int = Field(default=8, ge=1, le=256)
    structured: Literal["json_schema", "text"] = "json_schema"
    max_shots: int = Field(default=16, ge=0, le=64)  # 0 for fine-tuned models
    shot_tokens: int = Field(default=1200, ge=0)
    label_tokens: int = Field(default=6000, ge=200)
    error_price_usd: float = Field(default=0.5, ge=0)
    daily_budget_usd: float | None = Field(default=None, gt=0)
    prices: Mapping[str, Price] = SHIPPED_PRICES

    @field_validator("prices", mode="before")
    @classmethod
    def _with_shipped(cls, given: Any) -> Any:
        return SHIPPED_PRICES | given if isinstance(given, dict) else given

    @property
    def few_shot(self) -> FewShot:
        """Return the limits of the examples and labels in a prompt."""
        return FewShot(
            max_shots=self.max_shots, shot_tokens=self.shot_tokens, label_tokens=self.label_tokens
        )


MINILM = "minilm"


class LocalConfig(BaseModel):
    """The table `[local]`.

    `embedder` is "minilm", "minilm:FOLDER" with a folder that has MiniLM's weights, or the path of
    a sentence-transformers folder with an ONNX file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedder: str = Field(default=MINILM, min_length=1)
