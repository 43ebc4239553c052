"""Promotions and rollbacks, for Slack and the command line."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.admin.gate import Gate, Outcome
from storage.models import Promotion
from storage.stores import Stores

_FORCE = ("--force", "—force", "–force")  # noqa: RUF001 - Slack's editor turns hyphens into dashes


class ReasonMissingError(Exception):
    """`--force` was given without a reason."""


@dataclass(frozen=True, slots=True)
class PromoteArguments:
    """The arguments of `promote`: a model (None: the newest), and a reason with `force`."""

    model: str | None
    force: bool
    reason: str


def parse_arguments(words: Sequence[str]) -> PromoteArguments:
    """Parse `[MODEL] [--force REASON…]`; raise ReasonMissingError if the reason is missing."""
    flags = [place for place, word in enumerate(words) if word in _FORCE]
    models = words[: flags[0]] if flags else words
    reason = " ".join(words[flags[0] + 1 :]) if flags else ""
    if flags and not reason:
        raise ReasonMissingError
    return PromoteArguments(models[0] if models else None, bool(flags), reason)


@dataclass(frozen=True)
class Promotions:
    """Moves the champion pointer of one workspace, and records who did so and why."""

    gate: Gate

    @property
    def stores(self) -> Stores:
        """Return the stores of the workspace."""
        return self.gate.stores

    async def done_by(self, trigger: str) -> Promotion | None:
        """Return the promotion that an interrupted command made, after finishing it, or None."""
        done = await self.stores.models.moved_by(self.stores.team, trigger)
        if done is not None:
            await self.stores.series.restart()
        return done

    async def by_gate(self, model: str | None, who: str, trigger: str = "") -> Outcome:
        """Compare, and promote on a good verdict, unless the champion changed in the meantime."""
        outcome = await self.gate.judge(model)
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
        """Promote without a comparison, and return the model's id."""
        challenger = await self.gate.challenger(model)
        now = f"{time.time():.3f}"
        note = Promotion(act="force", who=who, when=now, why=reason, trigger=trigger)
        await self.stores.models.promote(self.stores.team, challenger.id, note, None)
        await self.stores.series.restart()
        await self.stores.workspaces.audit(
            self.stores.team, who, "forced", model=challenger.id, reason=reason
        )
        return challenger.id

    async def back(self, who: str, reason: str, trigger: str = "") -> str:
        """Go back one step, and return the champion's id; raise ModelError if there is none."""
        when = f"{time.time():.3f}"
        note = Promotion(act="rollback", who=who, when=when, why=reason, trigger=trigger)
        now = await self.stores.models.rollback(self.stores.team, note)
        await self.stores.series.restart()
        await self.stores.workspaces.audit(
            self.stores.team, who, "rolled back", to=now or "default", reason=reason
        )
        return now
