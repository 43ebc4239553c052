"""What a verb may use: the parts at the desk, and who asks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support_triage.bot.commands.desk import Desk


@dataclass(frozen=True, slots=True)
class Context:
    """One command being answered; a verb that acts records the trigger with what it does."""

    desk: "Desk"
    user: str
    trigger: str = ""
