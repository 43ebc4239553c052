"""The table `[gate]` of triage.toml."""

from pydantic import BaseModel, ConfigDict, Field


class GateConfig(BaseModel):
    """The table `[gate]`: when a challenger is promoted."""

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
