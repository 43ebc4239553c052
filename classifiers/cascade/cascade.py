"""The cascade: the local classifier first, then the LLM for messages where a call pays off."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from classifiers.base import (
    Abstention,
    Classifier,
    ClassifierError,
    Example,
    NotAskedError,
    Prediction,
    Score,
)
from classifiers.cascade.breaker import Breaker
from classifiers.cascade.worth import Judged, Terms, combine
from classifiers.ledger import Ledger, UnsharedLedger
from classifiers.local.calibration import PrecisionReport

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CascadeSettings:
    """The terms on which the LLM is called, and the pauses in seconds after it fails."""

    terms: Terms = field(default_factory=Terms)
    first_pause_s: float = 5.0
    longest_pause_s: float = 60.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class CascadeClassifier:
    """Calls `local` first, and `llm` if that pays off; never fails because of the LLM.

    If the LLM fails, for whatever reason, local's predictions are returned. The outage is in
    `degraded` and reported to the `ledger`. The LLM is called again after a pause that doubles
    with each failure. `judged` returns how many of the LLM's answers agents judged right and wrong.
    `learners` receive examples. The default is `local` alone, for an LLM that shares its index;
    pass both classifiers if each has a separate index.
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
        """Return both versions; a prediction's `classifier` says which of them answered."""
        return f"cascade:{self._local.version}+{self._llm.version}"

    @property
    def llm(self) -> Classifier:
        """Return the classifier that is called second."""
        return self._llm

    @property
    def precision_report(self) -> PrecisionReport | None:
        """Return the local classifier's report on its target precision, or None."""
        return getattr(self._local, "precision_report", None)

    @property
    def degraded(self) -> str | None:
        """Return since when and why the LLM fails in this process, or None."""
        return self._breaker.outage

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each text; raise only what the local classifier raises."""
        predictions = await self._local.classify(texts)
        judged = self._judged()
        places = [place for place, local in enumerate(predictions) if self._pays(local, judged)]
        opinions = await self._ask_llm([texts[place] for place in places])
        for place, opinion in zip(places, opinions, strict=False):
            predictions[place] = self._combined(predictions[place], opinion, judged)
        return predictions

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Pass the examples to the learners."""
        for learner in self._learners:
            await learner.learn(put, remove)

    def _pays(self, local: Prediction, judged: Judged) -> bool:
        if local.reason is Abstention.EMPTY:
            return False
        return self._settings.terms.pays(_scores(local), judged, given=not local.abstained)

    async def _ask_llm(self, texts: Sequence[str]) -> list[Prediction]:
        """Return the LLM's predictions, or an empty list if it cannot be called or fails."""
        if not texts or not self._breaker.admits(self._now()):
            return []
        try:
            predictions = await self._llm.classify(texts)
        except NotAskedError as error:
            log.info("llm.not_asked", reason=str(error))
            return []
        except Exception as error:  # noqa: BLE001 - local's answer is good enough, whatever failed
            await self._record_failure(error)
            return []
        if self._breaker.outage is not None:
            self._breaker.succeeded()
            await self._ledger.outage(None)
        return predictions

    async def _record_failure(self, error: Exception) -> None:
        reason = str(error)
        if not isinstance(error, ClassifierError):  # its text may quote a message
            reason = f"a bug in support-triage ({type(error).__name__}): please report it"
            log.error("llm.fault", error=type(error).__name__, at=_place(error))
        self._breaker.failed(self._now(), reason)
        await self._ledger.outage(self._breaker.outage)

    def _combined(self, local: Prediction, llm: Prediction, judged: Judged) -> Prediction:
        # If the LLM names no label, local's answer counts.
        both = local
        if llm.label is not None:
            scores = combine(llm.label, _scores(local), judged.accuracy)
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
            usage=local.usage + llm.usage,
        )


def _scores(local: Prediction) -> tuple[Score, ...]:
    # The scores of a text that is unlike all examples mean nothing.
    return () if local.reason is Abstention.UNKNOWN else local.alternatives


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.lineno}"
