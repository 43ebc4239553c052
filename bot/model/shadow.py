"""Shadow mode: the newest challenger also answers live messages, invisibly."""

import asyncio

import structlog

from bot.model.champion import Build, build_model
from bot.tasks import watched
from classifiers.base import Classifier, ClassifierError, Prediction
from classifiers.evaluation import best
from classifiers.factory import close
from learning.config import GateConfig
from storage.errors import StorageUnavailableError
from storage.messages import Message
from storage.models import ModelError
from storage.shadows import ShadowAnswer
from storage.stores import Stores

_PENDING = 16
_PATIENCE_S = 15.0

log = structlog.get_logger()


class Shadow:
    """Run the newest challenger in shadow mode, without effect on visible answers.

    A message is skipped if 16 answers are pending, if its answer takes more than 15 seconds, or if
    the daily budget is spent. The challenger shares the champion's index of examples.
    """

    def __init__(
        self,
        stores: Stores,
        label_set: str,
        build: Build,
        config: GateConfig,
    ) -> None:
        self._stores = stores
        self._label_set = label_set
        self._build = build
        self._config = config
        self._challenger: Classifier | None = None
        self._pending: set[asyncio.Task[None]] = set()
        self.identity = ""

    def offer(self, message: Message, champion: Prediction) -> None:
        """Let the challenger, if any, answer a message in the background."""
        if self._challenger is None or len(self._pending) >= _PENDING:
            return
        answer = self._answer(self._challenger, self.identity, message, champion)
        task = watched("shadow answer", answer)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _answer(
        self,
        challenger: Classifier,
        identity: str,
        message: Message,
        champion: Prediction,
    ) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                if await self._stores.shadows.spent_usd() >= self._config.shadow_usd_per_day:
                    return
                [prediction] = await challenger.classify([message.text])
                answer = ShadowAnswer(
                    label=best(prediction),
                    given=not prediction.abstained,
                    champion=best(champion),
                    ms=prediction.latency_ms,
                    usd=prediction.usage.cost_usd,
                )
                await self._stores.shadows.put(identity, str(message.id), answer, message.user)
        except (ClassifierError, StorageUnavailableError, TimeoutError) as error:
            log.warning("shadow.no_answer", model=identity, error=type(error).__name__)

    async def refresh(self) -> None:
        """Switch to the newest challenger, and let it learn new examples."""
        waiting = await self._stores.models.challengers(self._stores.team, self._label_set)
        identity = waiting[0].id if waiting else ""
        if identity != self.identity:
            self.identity, self._challenger = identity, None
            if identity:
                try:
                    self._challenger = await build_model(
                        self._stores.models, self._stores.team, identity, self._build
                    )
                except (ModelError, ClassifierError) as error:
                    log.warning("shadow.refused", model=identity, error=type(error).__name__)
        if self._challenger is not None:
            await self._challenger.learn(())

    async def finish(self) -> None:
        """Wait for pending answers, and close the challenger's connections."""
        if self._pending:
            await asyncio.wait(self._pending)
        if self._challenger is not None:
            await close(self._challenger)
