"""One try to show a decision: the record as it goes on, what worked, and what did not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from support_triage.bot.slack_errors import GatewayError
from support_triage.storage.records import CardAt, Hold, Record, Shown

Part = Literal["card", "emoji"]


@dataclass(slots=True)
class Attempt:
    """What was changed under this hold so far; nothing of it is stored until the holder does so.

    `failed` parts were not shown, `refused` is what `status` is to say of a part, and `posted` is
    the card that this attempt has put up.
    """

    hold: Hold
    record: Record
    failed: dict[Part, GatewayError] = field(default_factory=dict)
    refused: dict[Part, str] = field(default_factory=dict)
    worked: set[Part] = field(default_factory=set)
    posted: CardAt | None = None

    @property
    def shown(self) -> Shown:
        """What people see, or may see, as far as this attempt has come."""
        return self.record.shown

    @property
    def about(self) -> str:
        """The message (channel:ts) that is shown."""
        return str(self.record.message.id)

    def change(self, **changes: Any) -> None:
        """Note that something else is, or may be, visible now."""
        shown = self.record.shown.model_copy(update=changes)
        self.record = self.record.model_copy(update={"shown": shown})

    def note_problems(self, names: Mapping[Part, str]) -> None:
        """Put on record what Slack refuses now; what merely failed stays as it was.

        `names` says what each part is, such as "card in #billing".
        """
        known = {*self.worked, *self.refused}
        remain = {name for name in self.record.problems if name.split()[0] not in known}
        problems = tuple(sorted(remain | {names[part] for part in self.refused}))
        self.record = self.record.model_copy(update={"problems": problems})
