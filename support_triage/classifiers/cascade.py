"""Local when it is sure, the LLM when it is not, local alone when the LLM cannot be had."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from support_triage.classifiers.base import (
    Abstention,
    Classifier,
    ClassifierError,
    Example,
    Prediction,
    Usage,
)


@dataclass(frozen=True, slots=True)
class CascadeSettings:
    """What the LLM may cost in a UTC day, and how long it is left alone after a failure."""

    daily_budget_usd: float | None = None
    first_pause_s: float = 5.0
    longest_pause_s: float = 60.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class CascadeClassifier:
    """Asks `local` first and `llm` only for what local abstains on; never fails for the LLM's sake.

    A failing LLM (also one that is set up wrongly) leaves local's own answers, is said in
    `degraded`, and is tried again after a pause that doubles with each failure. `learners` are
    told of examples: by default local alone, whose index the LLM is taken to share; pass both
    where each has an index of its own. `spent_usd` is what today has cost before this process.
    """

    def __init__(
        self,
        local: Classifier,
        llm: Classifier,
        settings: CascadeSettings | None = None,
        learners: Sequence[Classifier] | None = None,
        spent_usd: float = 0.0,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._local, self._llm = local, llm
        self._learners = (local,) if learners is None else tuple(learners)
        self._settings = settings or CascadeSettings()
        self._budget = _Budget(self._settings.daily_budget_usd, now().date(), spent_usd)
        self._breaker = _Breaker(self._settings)
        self._now = now

    @property
    def version(self) -> str:
        """Versions of both; a prediction's `classifier` says which of them answered."""
        return f"cascade:{self._local.version}+{self._llm.version}"

    @property
    def degraded(self) -> str | None:
        """Why and since when local answers alone, for `/triage status`; None when all is well."""
        return self._budget.said(self._now()) or self._breaker.said

    @property
    def spent_usd(self) -> float:
        """What the LLM has cost today (UTC) as far as this process knows."""
        return self._budget.spent(self._now())

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text; raises only what the local classifier raises."""
        predictions = await self._local.classify(texts)
        open_ = [
            place
            for place, prediction in enumerate(predictions)
            if prediction.abstained and prediction.reason is not Abstention.EMPTY
            if texts[place].strip()
        ]
        second = await self._second([texts[place] for place in open_])
        for place, opinion in zip(open_, second, strict=False):
            predictions[place] = _joined(predictions[place], opinion)
        return predictions

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Tell the learners."""
        for learner in self._learners:
            await learner.learn(put, remove)

    async def _second(self, texts: Sequence[str]) -> list[Prediction]:
        """The LLM's predictions, or none at all when it is not to be had."""
        now = self._now()
        if not texts or self._budget.said(now) or self._breaker.open(now):
            return []
        try:
            predictions = await self._llm.classify(texts)
        except ClassifierError as error:
            self._breaker.failed(self._now(), str(error))
            return []
        self._breaker.succeeded()
        self._budget.add(self._now(), sum(each.usage.cost_usd for each in predictions))
        return predictions


def _joined(local: Prediction, llm: Prediction) -> Prediction:
    # Where both abstain, local's calibrated scores are the better ones to show.
    kept = local if llm.abstained else llm
    return replace(
        kept,
        latency_ms=local.latency_ms + llm.latency_ms,
        usage=_sum(local.usage, llm.usage),
    )


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.cached_tokens + other.cached_tokens,
        one.completion_tokens + other.completion_tokens,
        one.cost_usd + other.cost_usd,
    )


class _Breaker:
    """Leaves the LLM alone after a failure, longer with each one."""

    def __init__(self, settings: CascadeSettings) -> None:
        self._settings = settings
        self._pause_s = settings.first_pause_s
        self._since: datetime | None = None
        self._until: datetime | None = None
        self.said: str | None = None

    def open(self, now: datetime) -> bool:
        return self._until is not None and now < self._until

    def failed(self, now: datetime, reason: str) -> None:
        if self.open(now):  # one outage met by several batches at once counts once
            return
        self._since = self._since or now
        self._until = now + timedelta(seconds=self._pause_s)
        self._pause_s = min(2 * self._pause_s, self._settings.longest_pause_s)
        self.said = (
            f"local alone since {self._since:%Y-%m-%d %H:%M:%S} UTC: {reason}; "
            f"next try after {self._until:%H:%M:%S} UTC"
        )

    def succeeded(self) -> None:
        self._pause_s = self._settings.first_pause_s
        self._since = self._until = self.said = None


class _Budget:
    """What a UTC day has cost, against what it may cost."""

    def __init__(self, limit_usd: float | None, day: date, spent_usd: float) -> None:
        self._limit_usd, self._day, self._spent_usd = limit_usd, day, spent_usd

    def spent(self, now: datetime) -> float:
        return self._spent_usd if now.date() == self._day else 0.0

    def add(self, now: datetime, cost_usd: float) -> None:
        self._spent_usd = self.spent(now) + cost_usd
        self._day = now.date()

    def said(self, now: datetime) -> str | None:
        if self._limit_usd is None or self.spent(now) < self._limit_usd:
            return None
        return (
            f"local alone until {self._day + timedelta(days=1)} 00:00 UTC: "
            f"the daily budget of ${self._limit_usd:.2f} is spent"
        )
