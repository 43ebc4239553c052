"""Feed current examples to the classifier: all at the start, then each change."""

import asyncio

import structlog

from classifiers.base import Classifier, ClassifierUnavailableError, Example
from learning.feedback.track_record import TrackRecord
from storage.errors import StorageError
from storage.examples.examples import StoredExample
from storage.stores import Stores

_OUTAGES = (ClassifierUnavailableError, StorageError, OSError, TimeoutError)

log = structlog.get_logger()


class ExampleFeed:
    """Follow the changes to one workspace's examples, including those by other processes."""

    def __init__(
        self,
        stores: Stores,
        classifier: Classifier,
        track_record: TrackRecord,
    ) -> None:
        self._stores = stores
        self._classifier = classifier
        self._track_record = track_record
        self._position = "0-0"
        self._known: set[str] = set()
        self._busy = asyncio.Lock()

    async def load(self) -> None:
        """Learn all current examples and unlearn all others."""
        self._position = await self._stores.examples.newest_change(self._stores.team)
        stored = [example async for example in self._stores.examples.iterate(self._stores.team)]
        gone = self._known.difference(example.id for example in stored)
        if stored or gone:
            await self._learn(stored, sorted(gone))

    async def catch_up(self) -> None:
        """Learn the changes since the last call."""
        async with self._busy:
            position, ids = await self._stores.examples.changed_since(
                self._stores.team, self._position
            )
            if ids is None:
                await self.load()
                return
            if not ids:
                return
            ids = list(dict.fromkeys(ids))
            stored = await self._stores.examples.get(self._stores.team, ids)
            gone = [identity for identity, found in zip(ids, stored, strict=True) if found is None]
            await self._learn([example for example in stored if example], gone)
            self._position = position

    async def _learn(self, stored: list[StoredExample], gone: list[str]) -> None:
        self._track_record.put(stored)
        self._track_record.remove(gone)
        self._track_record.answered(await self._stores.series.answers())
        put = [example.as_example() for example in stored]
        await self._teach(put, gone)
        self._known.update(example.id for example in stored)
        self._known.difference_update(gone)

    async def _teach(self, put: list[Example], gone: list[str]) -> None:
        """Teach the examples in ever smaller parts, to skip those that the classifier refuses."""
        try:
            await self._classifier.learn(put, gone)
        except _OUTAGES:
            raise
        except Exception as error:
            if not put:
                raise
            if len(put) == 1:
                log.error("teaching.left_out", example=put[0].id, exc_info=error)  # noqa: TRY400 - it does
                return
            half = len(put) // 2
            await self._teach(put[:half], gone)
            await self._teach(put[half:], gone)
