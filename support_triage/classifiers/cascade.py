"""Local when it is sure, the LLM where asking pays, local alone when the LLM cannot be had."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from support_triage.classifiers.base import (
    Abstention,
    Classifier,
    ClassifierError,
    Example,
    Prediction,
    Score,
    Usage,
)
from support_triage.classifiers.breaker import Breaker
from support_triage.classifiers.calibration import Standing
from support_triage.classifiers.worth import Judged, Terms, joined


class Ledger(Protocol):
    """What the LLM has cost, and whether it answers, as far as all processes know."""

    async def spent_usd(self) -> float:
        """US dollars spent today (UTC)."""
        ...

    async def add(self, usages: Sequence[Usage]) -> None:
        """Note requests."""
        ...

    async def outage(self, said: str | None) -> None:
        """Note why the LLM is left alone; None: it answers again."""
        ...


@dataclass
class UnsharedLedger:
    """A ledger of one run of one process."""

    usd: float = 0.0

    async def spent_usd(self) -> float:
        """US dollars spent since the start."""
        return self.usd

    async def add(self, usages: Sequence[Usage]) -> None:
        """Note requests."""
        self.usd += sum(usage.cost_usd for usage in usages)

    async def outage(self, said: str | None) -> None:
        """Nobody else to tell."""


@dataclass(frozen=True, slots=True)
class CascadeSettings:
    """When the LLM is asked, what it may cost in a UTC day, how long a failure keeps it away."""

    terms: Terms = field(default_factory=Terms)
    daily_budget_usd: float | None = None
    first_pause_s: float = 5.0
    longest_pause_s: float = 60.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class CascadeClassifier:
    """Asks `local` first and `llm` where it pays; never fails for the LLM's sake.

    A failing LLM (also one that is set up wrongly) leaves local's own answers, is said in
    `degraded` and to the `ledger`, and is tried again after a pause that doubles with each
    failure. `judged` tells how agents found the LLM's answers. `learners` are told of examples: by
    default local alone, whose index the LLM is taken to share; pass both where each has its own.
    """

    def __init__(
        self,
        local: Classifier,
        llm: Classifier,
        settings: CascadeSettings | None = None,
        ledger: Ledger | None = None,
        judged: Callable[[], Judged] = Judged,
        learners: Sequence[Classifier] | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._local, self._llm = local, llm
        self._learners = (local,) if learners is None else tuple(learners)
        self._settings = settings or CascadeSettings()
        self._ledger = ledger or UnsharedLedger()
        self._judged, self._now = judged, now
        self._breaker = Breaker(self._settings.first_pause_s, self._settings.longest_pause_s)

    @property
    def version(self) -> str:
        """Versions of both; a prediction's `classifier` says which of them answered."""
        return f"cascade:{self._local.version}+{self._llm.version}"

    @property
    def llm(self) -> Classifier:
        """The one that is asked second."""
        return self._llm

    @property
    def standing(self) -> Standing | None:
        """How far the local classifier meets the target precision; None where it cannot say."""
        return getattr(self._local, "standing", None)

    @property
    def degraded(self) -> str | None:
        """Why and since when the LLM fails for this process; None when all is well."""
        return self._breaker.said

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text; raises only what the local classifier and the ledger raise."""
        predictions = await self._local.classify(texts)
        judged = self._judged()
        open_ = [place for place, one in enumerate(predictions) if self._pays(one, judged)]
        second = await self._second([texts[place] for place in open_])
        for place, opinion in zip(open_, second, strict=False):
            predictions[place] = self._joined(predictions[place], opinion, judged)
        return predictions

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Tell the learners."""
        for learner in self._learners:
            await learner.learn(put, remove)

    def _pays(self, local: Prediction, judged: Judged) -> bool:
        if local.reason is Abstention.EMPTY:
            return False
        return self._settings.terms.pays(_scores(local), judged, given=not local.abstained)

    async def _second(self, texts: Sequence[str]) -> list[Prediction]:
        """The LLM's predictions, or none at all when it is not to be had."""
        if not texts or await self._budget_is_spent() or not self._breaker.admits(self._now()):
            return []
        try:
            predictions = await self._llm.classify(texts)
        except ClassifierError as error:
            self._breaker.failed(self._now(), str(error))
            await self._ledger.outage(self._breaker.said)
            return []
        if self._breaker.said is not None:
            self._breaker.succeeded()
            await self._ledger.outage(None)
        await self._ledger.add([one.usage for one in predictions if one.usage.prompt_tokens])
        return predictions

    async def _budget_is_spent(self) -> bool:
        limit = self._settings.daily_budget_usd
        return limit is not None and await self._ledger.spent_usd() >= limit

    def _joined(self, local: Prediction, llm: Prediction, judged: Judged) -> Prediction:
        # Where the LLM names no label, local's answer stands.
        both = local
        if llm.label is not None:
            scores = joined(llm.label, _scores(local), judged.accuracy)
            unsure = scores[0].confidence < self._settings.terms.needed(judged)
            both = replace(
                llm,
                label=None if unsure else llm.label,
                confidence=scores[0].confidence,
                alternatives=scores,
                reason=Abstention.UNSURE if unsure else None,
                neighbours=local.neighbours or llm.neighbours,
                local=local.local,
            )
        return replace(
            both,
            latency_ms=local.latency_ms + llm.latency_ms,
            usage=_sum(local.usage, llm.usage),
        )


def _scores(local: Prediction) -> tuple[Score, ...]:
    # Of a text unlike anything known, the scores mean nothing.
    return () if local.reason is Abstention.UNKNOWN else local.alternatives


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.cached_tokens + other.cached_tokens,
        one.completion_tokens + other.completion_tokens,
        one.cost_usd + other.cost_usd,
    )
