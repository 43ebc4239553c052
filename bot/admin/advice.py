"""Advice on prompting or fine-tuning: gathers the numbers, measures the curve, prices options."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.config.config import Config
from classifiers.base import Embedder
from classifiers.llm.prompt import messages
from classifiers.local.recipe import Recipe
from classifiers.tokens import text_tokens
from learning.advice.curve import learning_curve
from learning.advice.facts import Facts, agreement, judged, per_month, times
from learning.advice.recommendation import Advice, OptionPrice, advise
from storage.models import DEFAULT
from storage.series import answers_of
from storage.spending import Spent
from storage.stores import Stores

_MESSAGE_TOKENS = 100
_ANSWER_TOKENS = 15


@dataclass(frozen=True)
class Adviser:
    """Advises one workspace; `model` is the LLM to prompt."""

    config: Config
    model: str
    stores: Stores
    embedder: Embedder

    async def advise(self) -> tuple[Advice, Facts]:
        """Return the advice and its numbers; measuring the curve takes seconds to a minute."""
        facts = await self._facts()
        target = self.config.triage.target_precision
        return advise(facts, self._prices(facts), target, datetime.now(UTC).date()), facts

    async def _facts(self) -> Facts:
        stored = [example async for example in self.stores.examples.iterate(self.stores.team)]
        histories = [steps async for steps in self.stores.examples.histories(self.stores.team)]
        _, values = await self.stores.series.read("answers")
        answers = answers_of(values)
        taught = [example.as_example() for example in stored]
        label_set, recipe = self.config.label_set, await self._recipe()
        curve = await asyncio.to_thread(learning_curve, taught, label_set, self.embedder, recipe)
        spent, today = await self.stores.spending.today(), datetime.now(UTC).date()
        answered = sum(datetime.fromtimestamp(shown.at, UTC).date() == today for shown in answers)
        return Facts(
            counts=await self.stores.examples.counts(self.stores.team),
            labels=label_set.names,
            agreement=agreement(histories),
            curve=curve,
            per_month=per_month(answers),
            prompting=judged(stored, "llm:"),
            llm_usd=_per_1000(spent, answered),
            times_ms=times(answers),
        )

    async def _recipe(self) -> Recipe:
        """Return the champion's recipe if it is a local model, else the default recipe."""
        identity = await self.stores.models.champion(self.stores.team)
        model = (
            None
            if identity == DEFAULT
            else await self.stores.models.get(self.stores.team, identity)
        )
        if model is None or model.kind != "local":
            return Recipe()
        return Recipe.from_bytes(await self.stores.models.file(self.stores.team, model))

    def _prices(self, facts: Facts) -> list[OptionPrice]:
        """Return each option with its price for 1,000 messages, and today's real cost if known."""
        prefix = (
            text_tokens(messages(self.config.label_set, (), "")[0]["content"]) + _MESSAGE_TOKENS
        )
        price = self.config.llm.prices.get(self.model)
        prompted = None
        if price is not None:
            prompt = prefix + self.config.llm.shot_tokens
            prompted = 1000 * price.cost_usd(prompt, 0, _ANSWER_TOKENS)
        found = [
            OptionPrice("local", 0.0, "on your machine"),
            OptionPrice("llm", prompted, f"{self.model} for every request, without a cache"),
        ]
        if facts.llm_usd is not None:
            today = "as today: the LLM only when it pays"
            found.insert(1, OptionPrice("cascade", facts.llm_usd, today))
        return [*found, *self._tuned(prefix)]

    def _tuned(self, prefix: int) -> list[OptionPrice]:
        found = []
        for name in ("openai", "azure", "nebius"):
            table = getattr(self.config.train, name)
            price = self.config.llm.prices.get(table.base_model)
            usd = None if price is None else 1000 * price.cost_usd(prefix, 0, _ANSWER_TOKENS)
            missing = "" if price else f'; set [llm.prices."{table.base_model}"]'
            found.append(OptionPrice(name, usd, f"{table.base_model} fine-tuned{missing}"))
        return found


def _per_1000(spent: Spent, answered: int) -> float | None:
    """Return US dollars of the LLM for 1,000 of today's messages, or None if it was not asked."""
    if not answered or not spent.requests:
        return None
    return 1000 * (spent.cost_usd - spent.trial_usd) / answered
