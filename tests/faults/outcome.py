"""The outcome of a fault: answered, kept, lost and duplicated messages, and broken bounds."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.faults.use import Use


@dataclass(frozen=True)
class Messages:
    """Counts of messages; `dead` are dead letters, of which `dead_allowed` are expected."""

    sent: int
    acked: int
    answered: int
    dead: int
    dead_allowed: int
    cards_most: int
    corrected: int
    kept: int
    lost: int
    twice: int

    def broken(self) -> list[str]:
        """Return a problem for each broken bound."""
        found = []
        if self.lost:
            found.append(
                f"lost: {self.lost} of {self.sent} messages have no right answer, 0 allowed"
            )
        if self.twice:
            found.append(f"twice: {self.twice} messages have a second card or emoji, 0 allowed")
        if self.cards_most > 1:
            found.append(f"cards: {self.cards_most} of one message, at most 1 allowed")
        if self.dead != self.dead_allowed:
            found.append(f"dead letters: {self.dead}, exactly {self.dead_allowed} allowed")
        if self.kept != self.corrected:
            found.append(f"corrections: {self.kept} of {self.corrected} kept, all expected")
        return found


@dataclass(frozen=True)
class Outcome:
    """A row of the table; `broken` names each broken bound."""

    fault: str
    messages: Messages
    recovered_s: float
    before: Mapping[str, Use]
    after: Mapping[str, Use]
    usd: str
    broken: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Return True if all bounds held."""
        return not self.broken

    @property
    def row(self) -> dict[str, str]:
        """Return the row of the table, by column."""
        messages = self.messages
        return {
            "fault": self.fault,
            "sent": str(messages.sent),
            "acked": str(messages.acked),
            "answered": str(messages.answered),
            "dead-lettered": str(messages.dead),
            "most cards": str(messages.cards_most),
            "corrections kept": f"{messages.kept}/{messages.corrected}",
            "lost": str(messages.lost),
            "twice": str(messages.twice),
            "recovered after, s": f"{self.recovered_s:.1f}",
            "MB": _change(
                [use.rss_mb for use in self.before.values()],
                [use.rss_mb for use in self.after.values()],
            ),
            "sockets, most": str(max((use.sockets for use in self.after.values()), default=0)),
            "US dollars": self.usd,
            "broken": "; ".join(self.broken) or "nothing",
        }


def _change(before: list[float], after: list[float]) -> str:
    return f"{sum(before):.0f}→{sum(after):.0f}"
