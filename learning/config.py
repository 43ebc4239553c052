"""The tables `[gate]`, `[drift]` and `[train]` of triage.toml."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class GateConfig(BaseModel):
    """The table `[gate]`: the conditions for promoting a challenger."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confidence: float = Field(default=0.95, gt=0.5, lt=1.0)
    minimum_examples: int = Field(default=50, ge=10)
    minimum_per_label: int = Field(default=10, ge=1)
    not_worse_margin: float = Field(default=0.02, gt=0.0, lt=0.5)
    cheaper_factor: float = Field(default=2.0, gt=1.0)
    faster_factor: float = Field(default=2.0, gt=1.0)
    faster_ms: float = Field(default=50.0, ge=0.0)
    p99_ms: float | None = Field(default=5_000.0, gt=0.0)
    usd_per_1000: float | None = Field(default=None, ge=0.0)
    shadow: bool = True
    shadow_usd_per_day: float = Field(default=1.0, ge=0.0)


ABSTENTIONS: Final = "abstentions"
LABEL_MIX: Final = "label mix"
ACCURACY: Final = "accuracy"
WATCHED: Final = (ABSTENTIONS, LABEL_MIX, ACCURACY)
"""The changes that drift tests look for."""


class DriftConfig(BaseModel):
    """The table `[drift]`: the size of a window in messages, and the false-alarm rate.

    `false_alarms` covers all tests on a window: 0.01 allows one false alarm in 100 windows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: int = Field(default=200, ge=50, le=400)
    judged_window: int = Field(default=50, ge=20, le=400)
    false_alarms: float = Field(default=0.01, gt=0.0, le=0.2)


def _http(url: str) -> str:
    if not re.match(r"https?://[^/\s]+", url):
        raise ValueError("not a URL. Write an address that starts with https://")
    return url.rstrip("/") + "/"


Url = Annotated[str, AfterValidator(_http)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HostedTable(_Frozen):
    """Settings that all providers share; `training_price` is in US dollars per 1M tokens."""

    base_model: str = Field(min_length=1)
    training_price: float | None = Field(default=None, ge=0)
    training_tokens: int = Field(gt=0)  # the longest example the provider trains on


class OpenAiTable(HostedTable):
    """The table `[train.openai]`."""

    base_model: str = "gpt-4.1-mini-2025-04-14"
    training_tokens: int = 65_536


class AzureTable(HostedTable):
    """The table `[train.azure]`: the resource, and the addresses that manage its deployments."""

    base_model: str = "gpt-4.1-mini-2025-04-14"
    training_tokens: int = 65_536
    endpoint: Url | None = None
    training_type: Literal["standard", "globalStandard", "developerTier"] = "globalStandard"
    subscription: str = ""
    resource_group: str = ""
    account: str = ""
    sku: str = "GlobalStandard"
    capacity: int = Field(default=50, gt=0)
    login_url: Url = "https://login.microsoftonline.com/"
    management_url: Url = "https://management.azure.com/"


class NebiusTable(HostedTable):
    """The table `[train.nebius]`; the adapter is deployed on `serving_model`."""

    base_model: str = "meta-llama/Meta-Llama-3.1-8B-Instruct"
    training_tokens: int = 8_192
    base_url: Url = "https://api.tokenfactory.nebius.com/v1/"
    serving_model: str = ""


class TrainConfig(_Frozen):
    """The table `[train]`."""

    backend: Literal["local", "openai", "azure", "nebius"] = "local"
    epochs: int = Field(default=3, ge=1, le=20)
    suffix: str = Field(default="triage", pattern=r"^[a-z0-9-]{1,18}$")
    openai: OpenAiTable = OpenAiTable()
    azure: AzureTable = AzureTable()
    nebius: NebiusTable = NebiusTable()
