"""Micro-batching: calls that arrive while the classifier is busy are joined into the next batch."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.base import Classifier, Example, Prediction
from classifiers.local.calibration import PrecisionReport

BATCH_MAX = 64


@dataclass(frozen=True, slots=True)
class _Call:
    texts: tuple[str, ...]
    answer: asyncio.Future[list[Prediction]]


class BatchingClassifier:
    """Calls `inner` one batch at a time, with up to `batch_max` texts.

    An idle classifier is called at once: no call waits for a batch to fill, and batches grow with
    the load. A call with more than `batch_max` texts makes a batch alone. If a batch fails, all
    calls in it fail.
    """

    def __init__(self, inner: Classifier, batch_max: int = BATCH_MAX) -> None:
        self._inner = inner
        self._batch_max = batch_max
        self._waiting: deque[_Call] = deque()
        self._working: asyncio.Task[None] | None = None

    @property
    def version(self) -> str:
        """Return the version of the inner classifier."""
        return self._inner.version

    @property
    def precision_report(self) -> PrecisionReport | None:
        """Return the inner classifier's report on its target precision, or None."""
        return getattr(self._inner, "precision_report", None)

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Pass the examples to the inner classifier."""
        await self._inner.learn(put, remove)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each text; other calls may share the batch."""
        if not texts:
            return []
        call = _Call(tuple(texts), asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await call.answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = self._next_batch()
                if batch:
                    await self._answer(batch)
        finally:
            self._working = None

    def _next_batch(self) -> list[_Call]:
        """Return the oldest call and the calls after it that fit, without cancelled calls."""
        batch: list[_Call] = []
        size = 0
        while self._waiting:
            call = self._waiting[0]
            if batch and size + len(call.texts) > self._batch_max:
                break
            self._waiting.popleft()
            if not call.answer.done():
                batch.append(call)
                size += len(call.texts)
        return batch

    async def _answer(self, batch: Sequence[_Call]) -> None:
        try:
            predictions = await self._inner.classify(
                [text for call in batch for text in call.texts]
            )
        except BaseException as error:
            # Pass any error to each caller: without an answer a caller would wait for ever.
            for call in batch:
                if not call.answer.done():
                    call.answer.set_exception(_as_exception(error))
            if isinstance(error, Exception):
                return
            raise
        start = 0
        for call in batch:
            end = start + len(call.texts)
            if not call.answer.done():
                call.answer.set_result(predictions[start:end])
            start = end


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError("the classifier was interrupted")
