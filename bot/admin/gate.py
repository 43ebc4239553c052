"""The gate at work: champion and challenger are made, taught the same, asked the same, judged."""

import asyncio
from dataclasses import dataclass

from bot.config.config import Config, Settings
from bot.model.build import builder
from bot.model.champion import built
from classifiers.base import Classifier, Embedder
from classifiers.embedding.index import EmbeddedIndex
from classifiers.factory import LlmUse, Shared, close
from learning.dataset.snapshot import take_snapshot
from learning.gate.comparison import Comparison, compare
from learning.gate.shadow import ShadowFigures, figures
from learning.gate.trial import HeldOut, TrialLedger, hold
from learning.gate.verdict import Verdict, decide
from storage.examples.snapshots import Snapshot
from storage.models import Model, ModelError
from storage.stores import Stores


@dataclass(frozen=True, slots=True)
class Outcome:
    """A comparison of one challenger with the champion of its moment."""

    champion: str
    challenger: Model
    snapshot: Snapshot
    comparison: Comparison
    verdict: Verdict


@dataclass(frozen=True)
class Gate:
    """Judges the challengers of one workspace."""

    settings: Settings
    config: Config
    stores: Stores
    embedder: Embedder

    async def challenger(self, identity: str | None) -> Model:
        """The model of this id, or the newest challenger; ModelError where there is none."""
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
        """Compare a challenger with the champion on a snapshot of now, each taught its train part.

        ModelError or ClassifierError where one of them cannot be made or does not answer, or the
        day's budget does not suffice.
        """
        challenger = await self.challenger(identity)
        champion = await self.stores.models.champion(self.stores.team)
        if challenger.id == champion:
            raise ModelError(f"{challenger.id} is already in use")
        snapshot = await take_snapshot(
            self.stores.examples, self.stores.team, self.config.label_set
        )
        held_out = HeldOut(
            tuple(one.text for one in snapshot.test), tuple(one.label for one in snapshot.test)
        )
        if not held_out.texts:
            raise ModelError("there are no held-out examples: a fifth of what agents label is kept")
        ledger = TrialLedger(self.stores.spending.of_trials(), self.config.llm.daily_budget_usd)
        first, second = await self._sides(champion, challenger.id, snapshot, ledger)
        try:
            answers = await hold(first, second, held_out.texts, ledger.check)
        finally:
            for side in (first, second):
                await close(side)
        for side in (first, second):
            _answered(side)
        target = self.config.triage.target_precision
        comparison = compare(*answers, held_out, target, self.config.gate)
        verdict = decide(comparison, self.config.gate, await self.in_shadow(challenger.id))
        return Outcome(champion, challenger, snapshot, comparison, verdict)

    async def in_shadow(self, model: str) -> ShadowFigures:
        """How a model fared in shadow, on the messages that agents have judged since."""
        answers = await self.stores.shadows.all(model)
        return figures(answers, await self.stores.examples.get(self.stores.team, list(answers)))

    async def _sides(
        self, champion: str, challenger: str, snapshot: Snapshot, ledger: TrialLedger
    ) -> tuple[Classifier, Classifier]:
        index = EmbeddedIndex(self.embedder)
        taught = [one.as_example() for one in snapshot.train]
        await asyncio.to_thread(index.put, taught)
        parts = Shared(self.embedder, index)
        use = LlmUse(self.config.llm, ledger)
        build = builder(self.settings, self.config, parts, patience_s=None, use=use)
        first = await built(self.stores.models, self.stores.team, champion, build)
        return first, await built(self.stores.models, self.stores.team, challenger, build)


def _answered(side: Classifier) -> None:
    """A cascade whose LLM was away would be judged by its local half."""
    away = getattr(side, "degraded", None)
    if away:
        raise ModelError(f"{side.version} was not all there, so nothing was compared: {away}")
