"""Standing examples to the classifier: all at the start, each change at once."""

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
    """Follows one workspace's feed of changes, also those that other processes made."""

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
        """Learn all standing examples, and nothing but them."""
        self._position = await self._stores.examples.newest_change(self._stores.team)
        stored = [one async for one in self._stores.examples.iterate(self._stores.team)]
        gone = self._known.difference(one.id for one in stored)
        if stored or gone:
            await self._learn(stored, sorted(gone))

    async def catch_up(self) -> None:
        """Learn what changed since the last time."""
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
            gone = [identity for identity, one in zip(ids, stored, strict=True) if one is None]
            await self._learn([one for one in stored if one], gone)
            self._position = position

    async def _learn(self, stored: list[StoredExample], gone: list[str]) -> None:
        self._track_record.put(stored)
        self._track_record.remove(gone)
        self._track_record.answered(await self._stores.series.answers())
        put = [one.as_example() for one in stored]
        await self._teach(put, gone)
        self._known.update(one.id for one in stored)
        self._known.difference_update(gone)

    async def _teach(self, put: list[Example], gone: list[str]) -> None:
        """Teach what can be taught: an example that the classifier cannot take is left out."""
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
