"""One attempt to show a decision: the changed record, and the parts that worked or failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.slack.errors import GatewayError
from storage.records import CardAt, Hold, Record, Shown

Part = Literal["card", "emoji"]


@dataclass(slots=True)
class Attempt:
    """The changes of an attempt so far; they are stored only by `hold.put`.

    `failed` holds the error of each part that was not shown, `refused` the problem of each part
    for `status`, and `posted` the card that this attempt posted.
    """

    hold: Hold
    record: Record
    failed: dict[Part, GatewayError] = field(default_factory=dict)
    refused: dict[Part, str] = field(default_factory=dict)
    worked: set[Part] = field(default_factory=set)
    posted: CardAt | None = None

    @property
    def shown(self) -> Shown:
        """Return the visible state, or possibly visible state, after the changes so far."""
        return self.record.shown

    @property
    def about(self) -> str:
        """Return the id (channel:ts) of the message."""
        return str(self.record.message.id)

    def change(self, **changes: Any) -> None:
        """Change the visible state in the record."""
        shown = self.record.shown.model_copy(update=changes)
        self.record = self.record.model_copy(update={"shown": shown})

    def note_problems(self, names: Mapping[Part, str]) -> None:
        """Record the parts that Slack refused; for parts that failed otherwise, change nothing.

        `names` maps each part to its name, such as "card in #billing".
        """
        known = {*self.worked, *self.refused}
        remain = {name for name in self.record.problems if name.split()[0] not in known}
        problems = tuple(sorted(remain | {names[part] for part in self.refused}))
        self.record = self.record.model_copy(update={"problems": problems})
