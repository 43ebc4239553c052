"""Promotions and rollbacks, as both the command line and Slack make them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.admin.gate import Gate, Outcome
from storage.models import Promotion
from storage.stores import Stores

_FORCE = ("--force", "—force", "–force")  # noqa: RUF001 - Slack's editor makes dashes of hyphens


class ReasonMissingError(Exception):
    """A promotion without the gate was asked for without saying why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What `promote` was asked for: which model (None: the newest), and past the gate, why."""

    model: str | None
    force: bool
    reason: str


def wish(words: Sequence[str]) -> Wish:
    """Read `[MODEL] [--force REASON…]`; ReasonMissingError where the reason is missing."""
    places = [place for place, word in enumerate(words) if word in _FORCE]
    named = words[: places[0]] if places else words
    reason = " ".join(words[places[0] + 1 :]) if places else ""
    if places and not reason:
        raise ReasonMissingError
    return Wish(named[0] if named else None, bool(places), reason)


@dataclass(frozen=True)
class Promotions:
    """Moves the champion pointer of one workspace and writes down who did so, and why."""

    gating: Gate

    @property
    def stores(self) -> Stores:
        """The stores of the workspace."""
        return self.gating.stores

    async def done_by(self, trigger: str) -> Promotion | None:
        """Return what a command did before it was cut off, and finish it; None for nothing."""
        done = await self.stores.models.moved_by(self.stores.team, trigger)
        if done is not None:
            await self.stores.series.restart()
        return done

    async def by_gate(self, model: str | None, who: str, trigger: str = "") -> Outcome:
        """Compare, and promote if the gate says so; the pointer moves only if it has not since."""
        outcome = await self.gating.judge(model)
        if outcome.verdict.promote:
            note = Promotion(
                act="promote",
                who=who,
                when=f"{time.time():.3f}",
                why="; ".join(outcome.verdict.reasons),
                figures=outcome.comparison.as_metrics(),
                trigger=trigger,
            )
            team, identity = self.stores.team, outcome.challenger.id
            await self.stores.models.promote(team, identity, note, outcome.champion)
            await self.stores.series.restart()
            await self.stores.workspaces.audit(team, who, "promoted", model=identity, why=note.why)
        return outcome

    async def by_force(self, model: str | None, who: str, reason: str, trigger: str = "") -> str:
        """Promote without a comparison; the id of the model."""
        challenger = await self.gating.challenger(model)
        now = f"{time.time():.3f}"
        note = Promotion(act="force", who=who, when=now, why=reason, trigger=trigger)
        await self.stores.models.promote(self.stores.team, challenger.id, note, None)
        await self.stores.series.restart()
        await self.stores.workspaces.audit(
            self.stores.team, who, "forced", model=challenger.id, reason=reason
        )
        return challenger.id

    async def back(self, who: str, reason: str, trigger: str = "") -> str:
        """Go back one step; the id of the champion now. ModelError where there is no step."""
        when = f"{time.time():.3f}"
        note = Promotion(act="rollback", who=who, when=when, why=reason, trigger=trigger)
        now = await self.stores.models.rollback(self.stores.team, note)
        await self.stores.series.restart()
        await self.stores.workspaces.audit(
            self.stores.team, who, "rolled back", to=now or "default", reason=reason
        )
        return now
