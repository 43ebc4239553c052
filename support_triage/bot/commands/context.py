"""What a verb may use: the parts at the desk, and who asks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support_triage.bot.commands.desk import Desk


@dataclass(frozen=True, slots=True)
class Context:
    """One command being answered."""

    desk: "Desk"
    user: str
