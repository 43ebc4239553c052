"""The tables `[keep]` and `[intake]` of triage.toml."""

from pydantic import BaseModel, ConfigDict, Field

from storage import keys

_DAY_S = 24 * 3600


class KeepConfig(BaseModel):
    """The table `[keep]`: how long messages, and what was said and shown of them, are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=keys.RETENTION_S // _DAY_S, ge=1, le=3_650)

    @property
    def seconds(self) -> int:
        """The same in seconds, as Redis takes it."""
        return self.days * _DAY_S


class IntakeConfig(BaseModel):
    """The table `[intake]`: how much of a workspace may wait before acks are withheld.

    `limit` counts events; `limit_mb` is the memory they take in Redis, estimated from a sample.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(default=100_000, ge=1)
    limit_mb: int = Field(default=256, ge=1)
