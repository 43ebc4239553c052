"""Micro-batches: what is asked while the classifier is at work goes to it together, next."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.base import Classifier, Example, Prediction
from classifiers.local.calibration import PrecisionReport

MOST = 64


@dataclass(frozen=True, slots=True)
class _Asked:
    texts: tuple[str, ...]
    answer: asyncio.Future[list[Prediction]]


class BatchingClassifier:
    """One call of `inner` at a time, of up to `most` texts; an idle one is called at once.

    So nobody waits for a batch to fill, and a batch grows just as far as the load asks for. A call
    of more than `most` texts goes through as it is. When a call fails, so do all that were in it.
    """

    def __init__(self, inner: Classifier, most: int = MOST) -> None:
        self._inner = inner
        self._most = most
        self._waiting: deque[_Asked] = deque()
        self._working: asyncio.Task[None] | None = None

    @property
    def version(self) -> str:
        """That of the classifier within."""
        return self._inner.version

    @property
    def standing(self) -> PrecisionReport | None:
        """How far the classifier within meets the target precision; None where it cannot say."""
        return getattr(self._inner, "standing", None)

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Pass examples on."""
        await self._inner.learn(put, remove)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text, perhaps together with those of other callers."""
        if not texts:
            return []
        asked = _Asked(tuple(texts), asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await asked.answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = self._next()
                if batch:
                    await self._call(batch)
        finally:
            self._working = None

    def _next(self) -> list[_Asked]:
        """Whoever asked first, and those after it while there is room; who gave up is left out."""
        batch: list[_Asked] = []
        size = 0
        while self._waiting:
            asked = self._waiting[0]
            if batch and size + len(asked.texts) > self._most:
                break
            self._waiting.popleft()
            if not asked.answer.done():
                batch.append(asked)
                size += len(asked.texts)
        return batch

    async def _call(self, batch: Sequence[_Asked]) -> None:
        try:
            found = await self._inner.classify([text for one in batch for text in one.texts])
        except BaseException as error:
            # Each caller gets it, whatever it is: an answer that never comes holds them for ever.
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(_raised(error))
            if isinstance(error, Exception):
                return
            raise
        start = 0
        for one in batch:
            end = start + len(one.texts)
            if not one.answer.done():
                one.answer.set_result(found[start:end])
            start = end


def _raised(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError("the classifier was interrupted")
