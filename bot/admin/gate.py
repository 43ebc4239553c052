"""The gate: trains champion and challenger on the same snapshot and compares their answers."""

import asyncio
from dataclasses import dataclass

from bot.config.config import Config, Settings
from bot.model.build import builder
from bot.model.champion import build_model
from classifiers.base import Classifier, Embedder
from classifiers.embedding.index import EmbeddedIndex
from classifiers.factory import LlmUse, Shared, close
from learning.dataset.snapshot import take_snapshot
from learning.gate.comparison import Comparison, compare
from learning.gate.shadow import ShadowFigures, figures
from learning.gate.trial import HeldOut, TrialLedger, run_trial
from learning.gate.verdict import Verdict, decide
from storage.examples.snapshots import Snapshot
from storage.models import Model, ModelError
from storage.stores import Stores


@dataclass(frozen=True, slots=True)
class Outcome:
    """A comparison of a challenger with the champion at that time."""

    champion: str
    challenger: Model
    snapshot: Snapshot
    comparison: Comparison
    verdict: Verdict


@dataclass(frozen=True)
class Gate:
    """Compares the challengers of one workspace with its champion."""

    settings: Settings
    config: Config
    stores: Stores
    embedder: Embedder

    async def challenger(self, identity: str | None) -> Model:
        """Return the model of this id, or the newest challenger; raise ModelError if none."""
        if identity is not None:
            named = await self.stores.models.get(self.stores.team, identity)
            if named is None:
                raise ModelError(f"there is no model {identity[:40]}. `triage models` lists them")
            return named
        waiting = await self.stores.models.challengers(
            self.stores.team, self.config.label_set.version
        )
        if not waiting:
            raise ModelError("there is no new model: `triage train` makes one")
        return waiting[0]

    async def judge(self, identity: str | None = None) -> Outcome:
        """Train challenger and champion on a new snapshot, and compare them on its test part.

        Raises ModelError or ClassifierError if one of them cannot be built or does not answer, or
        if today's LLM budget is spent.
        """
        challenger = await self.challenger(identity)
        champion = await self.stores.models.champion(self.stores.team)
        if challenger.id == champion:
            raise ModelError(f"{challenger.id} is already in use")
        snapshot = await take_snapshot(
            self.stores.examples, self.stores.team, self.config.label_set
        )
        held_out = HeldOut(
            tuple(row.text for row in snapshot.test), tuple(row.label for row in snapshot.test)
        )
        if not held_out.texts:
            raise ModelError(
                "there are no held-out examples yet: one in five labelled requests is kept for "
                "comparisons. Label or import more."
            )
        ledger = TrialLedger(self.stores.spending.of_trials(), self.config.llm.daily_budget_usd)
        first, second = await self._sides(champion, challenger.id, snapshot, ledger)
        try:
            answers = await run_trial(first, second, held_out.texts, ledger.check)
        finally:
            for side in (first, second):
                await close(side)
        for side in (first, second):
            _check_complete(side)
        target = self.config.triage.target_precision
        comparison = compare(*answers, held_out, target, self.config.gate)
        verdict = decide(comparison, self.config.gate, await self.in_shadow(challenger.id))
        return Outcome(champion, challenger, snapshot, comparison, verdict)

    async def in_shadow(self, model: str) -> ShadowFigures:
        """Return a model's shadow figures; the gain counts only messages that agents judged."""
        answers = await self.stores.shadows.all(model)
        return figures(answers, await self.stores.examples.get(self.stores.team, list(answers)))

    async def _sides(
        self, champion: str, challenger: str, snapshot: Snapshot, ledger: TrialLedger
    ) -> tuple[Classifier, Classifier]:
        index = EmbeddedIndex(self.embedder)
        taught = [row.as_example() for row in snapshot.train]
        await asyncio.to_thread(index.put, taught)
        parts = Shared(self.embedder, index)
        use = LlmUse(self.config.llm, ledger)
        build = builder(self.settings, self.config, parts, patience_s=None, use=use)
        first = await build_model(self.stores.models, self.stores.team, champion, build)
        return first, await build_model(self.stores.models, self.stores.team, challenger, build)


def _check_complete(side: Classifier) -> None:
    """Raise ModelError if a cascade's LLM failed, so that only its local classifier answered."""
    problem = getattr(side, "degraded", None)
    if problem:
        raise ModelError(f"nothing was compared: the LLM of {side.version} failed: {problem}")
