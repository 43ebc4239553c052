"""Standing examples to the classifier: all at the start, each change at once."""

import asyncio

from support_triage.classifiers.base import Classifier, Example
from support_triage.storage.examples import Examples

_POLL_S = 0.5


class Teaching:
    """Follows one workspace's feed of changes, also those that other processes made."""

    def __init__(self, examples: Examples, classifier: Classifier, team: str) -> None:
        self._examples = examples
        self._classifier = classifier
        self._team = team
        self._position = "0-0"
        self._busy = asyncio.Lock()

    async def load(self) -> None:
        """Learn all standing examples."""
        self._position = await self._examples.newest_change(self._team)
        found = [
            Example(id=one.id, text=one.text, label=one.label)
            async for one in self._examples.iterate(self._team)
        ]
        if found:
            await self._classifier.learn(found)

    async def catch_up(self) -> None:
        """Learn what changed since the last time."""
        async with self._busy:
            position, ids = await self._examples.changed_since(self._team, self._position)
            if not ids:
                return
            ids = list(dict.fromkeys(ids))
            stored = await self._examples.get(self._team, ids)
            put = [Example(id=one.id, text=one.text, label=one.label) for one in stored if one]
            gone = [identity for identity, one in zip(ids, stored, strict=True) if one is None]
            await self._classifier.learn(put, gone)
            self._position = position

    async def follow(self) -> None:
        """Catch up twice a second, until cancelled."""
        while True:
            await self.catch_up()
            await asyncio.sleep(_POLL_S)
