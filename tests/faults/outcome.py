"""What came of a fault: what was answered, kept, lost and doubled, and which bounds broke."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.faults.use import Use


@dataclass(frozen=True)
class Messages:
    """What became of the messages; `dead` are those given up on, `dead_allowed` what may be."""

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
        """Return a sentence for each bound that was broken."""
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
            found.append(f"dead letters: {self.dead}, just {self.dead_allowed} allowed")
        if self.kept != self.corrected:
            found.append(f"corrections: {self.kept} of {self.corrected} kept, all are to be")
        return found


@dataclass(frozen=True)
class Outcome:
    """A line of the table; `broken` names each bound that did not hold."""

    fault: str
    messages: Messages
    recovered_s: float
    before: Mapping[str, Use]
    after: Mapping[str, Use]
    usd: str
    broken: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """All bounds held."""
        return not self.broken

    @property
    def row(self) -> dict[str, str]:
        """The line of the table, by its columns."""
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
                [(one.rss_mb) for one in self.before.values()],
                [(one.rss_mb) for one in self.after.values()],
            ),
            "sockets, most": str(max((one.sockets for one in self.after.values()), default=0)),
            "US dollars": self.usd,
            "broken": "; ".join(self.broken) or "nothing",
        }


def _change(before: list[float], after: list[float]) -> str:
    return f"{sum(before):.0f}→{sum(after):.0f}"
