"""The table `[drift]` of triage.toml."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

ABSTENTIONS: Final = "abstentions"
LABEL_MIX: Final = "label mix"
ACCURACY: Final = "accuracy"
WATCHED: Final = (ABSTENTIONS, LABEL_MIX, ACCURACY)
"""What may be found to have changed."""


class DriftConfig(BaseModel):
    """How many messages are looked at together, and how often an alarm may be false.

    `false_alarms` is for all tests on one window together: 0.01 is one in a hundred windows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: int = Field(default=200, ge=50, le=400)
    judged_window: int = Field(default=50, ge=20, le=400)
    false_alarms: float = Field(default=0.01, gt=0.0, le=0.2)
