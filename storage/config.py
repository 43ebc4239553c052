"""The tables `[keep]` and `[intake]` of triage.toml."""

from pydantic import BaseModel, ConfigDict, Field

from storage import keys

_DAY_S = 24 * 3600


class KeepConfig(BaseModel):
    """The table `[keep]`: the retention of messages, predictions, reactions and cards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=keys.RETENTION_S // _DAY_S, ge=1, le=3_650)

    @property
    def seconds(self) -> int:
        """Return the retention in seconds, for Redis."""
        return self.days * _DAY_S


class IntakeConfig(BaseModel):
    """The table `[intake]`: the size of a workspace's inbox at which new events are refused.

    `limit` counts events; `limit_mb` is their memory in Redis, estimated from a sample.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(default=100_000, ge=1)
    limit_mb: int = Field(default=256, ge=1)
