"""Local when it is sure, the LLM where asking pays, local alone when the LLM cannot be had."""

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
from classifiers.cascade.worth import Judged, Terms, joined
from classifiers.ledger import Ledger, UnsharedLedger
from classifiers.local.calibration import PrecisionReport

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CascadeSettings:
    """When the LLM is asked, and how long a failure keeps it away."""

    terms: Terms = field(default_factory=Terms)
    first_pause_s: float = 5.0
    longest_pause_s: float = 60.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class CascadeClassifier:
    """Asks `local` first and `llm` where it pays; never fails for the LLM's sake.

    A failing LLM (also one that is set up wrongly, or raises what it should not) leaves local's
    own answers, is said in `degraded` and to the `ledger`, and is tried again after a pause that
    doubles with each failure. `judged` tells how agents found the LLM's answers. `learners` are
    told of examples: by default local alone, whose index the LLM is taken to share; pass both
    where each has its own.
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
    def standing(self) -> PrecisionReport | None:
        """How far the local classifier meets the target precision; None where it cannot say."""
        return getattr(self._local, "standing", None)

    @property
    def degraded(self) -> str | None:
        """Why and since when the LLM fails for this process; None when all is well."""
        return self._breaker.said

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text; raises only what the local classifier raises."""
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
        if not texts or not self._breaker.admits(self._now()):
            return []
        try:
            predictions = await self._llm.classify(texts)
        except NotAskedError as error:
            log.info("llm.not_asked", reason=str(error))
            return []
        except Exception as error:  # noqa: BLE001 - whatever it is, local's answer is at hand
            await self._fails(error)
            return []
        if self._breaker.said is not None:
            self._breaker.succeeded()
            await self._ledger.outage(None)
        return predictions

    async def _fails(self, error: Exception) -> None:
        reason = str(error)
        if not isinstance(error, ClassifierError):  # its words may be those of a message
            reason = f"a fault in support-triage ({type(error).__name__}): please report it"
            log.error("llm.fault", error=type(error).__name__, at=_place(error))
        self._breaker.failed(self._now(), reason)
        await self._ledger.outage(self._breaker.said)

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
            usage=local.usage + llm.usage,
        )


def _scores(local: Prediction) -> tuple[Score, ...]:
    # Of a text unlike anything known, the scores mean nothing.
    return () if local.reason is Abstention.UNKNOWN else local.alternatives


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.lineno}"
