"""The table `[llm]` of triage.toml, what tokens cost, and which model is asked where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

OFFICIAL_URL = "https://api.openai.com/v1"
_AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")


@dataclass(frozen=True, slots=True)
class LlmChoice:
    """A model behind an OpenAI-compatible endpoint; `base_url` None is OpenAI's own.

    A `tuned` one was trained on the team's examples, and so is shown none.
    """

    model: str = "gpt-6-luna"
    api_key: str = field(default="", repr=False)
    base_url: str | None = None
    tuned: bool = False

    @property
    def url(self) -> str:
        """Where it is asked."""
        return self.base_url or OFFICIAL_URL

    @property
    def official(self) -> bool:
        """Whether it is OpenAI itself, which cannot be asked without a key."""
        return urlsplit(self.url).hostname == "api.openai.com"

    @property
    def openai_fields(self) -> bool:
        """Whether it takes OpenAI's own fields: OpenAI itself and Azure do."""
        return self.official or (urlsplit(self.url).hostname or "").endswith(_AZURE)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(_Frozen):
    """What a model costs in US dollars per 1M tokens: read anew, read from its cache, written."""

    prompt: float = Field(ge=0)
    cached: float = Field(ge=0)
    completion: float = Field(ge=0)

    def cost_usd(self, prompt: int, cached: int, completion: int) -> float:
        """Price of a request whose `prompt` tokens include `cached` ones, in US dollars."""
        fresh = (prompt - cached) * self.prompt
        return (fresh + cached * self.cached + completion * self.completion) / 1e6


SHIPPED_PRICES = {"gpt-6-luna": Price(prompt=0.10, cached=0.01, completion=0.50)}


@dataclass(frozen=True, slots=True)
class FewShot:
    """How much is shown; `max_shots=0` shows no examples, as a fine-tuned model wants it."""

    max_shots: int = 16
    max_labels: int = 6  # likely labels that the shots are spread over
    shot_tokens: int = 1200
    label_tokens: int = 6000  # for names and descriptions; above it labels are narrowed
    pool: int = 60  # nearest examples that are looked at


class LlmConfig(_Frozen):
    """How the LLM is asked, what it may cost, and what an error costs the admin."""

    timeout_s: float = Field(default=6.0, gt=0, le=300)  # one message, with waiting and retries
    max_concurrency: int = Field(default=8, ge=1, le=256)
    structured: Literal["json_schema", "text"] = "json_schema"
    max_shots: int = Field(default=16, ge=0, le=64)  # 0: a fine-tuned model is shown none
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
        """How much is shown to the model."""
        return FewShot(
            max_shots=self.max_shots, shot_tokens=self.shot_tokens, label_tokens=self.label_tokens
        )


MINILM = "minilm"


class LocalConfig(BaseModel):
    """`embedder` is "minilm", "minilm:FOLDER" with a folder that holds its weights, or a path.

    The path is a sentence-transformers folder with an ONNX file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedder: str = Field(default=MINILM, min_length=1)
