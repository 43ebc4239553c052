"""The champion: the classifier in use, which is replaced without a restart."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from classifiers.base import Classifier, ClassifierError, Example, Prediction
from classifiers.local.calibration import PrecisionReport
from storage.models import DEFAULT, Model, ModelError, Models, shown
from storage.workspace.workspaces import Workspaces

Build = Callable[[Model | None, bytes], Classifier]
"""Build the classifier of a model and its file, or the default one for None.

The call blocks, and raises ClassifierError or ModelError on failure. The classifier knows all
examples.
"""

log = structlog.get_logger()


async def build_model(models: Models, team: str, identity: str, build: Build) -> Classifier:
    """Return the classifier of a model by id; raise ModelError or ClassifierError if it fails."""
    if identity == DEFAULT:
        return await asyncio.to_thread(build, None, b"")
    model = await models.get(team, identity)
    if model is None:
        raise ModelError(f"model {identity} is not stored, or its content does not match its id")
    return await asyncio.to_thread(build, model, await models.file(team, model))


class ChampionClassifier:
    """Delegate to the classifier of the champion; keep the old one if a new one fails to build.

    All classifiers of a process share an index of examples, so a new one knows them from the
    start. `learn` is passed to the current one. `before` is awaited before a build.
    """

    def __init__(
        self,
        models: Models,
        team: str,
        build: Build,
        default: Classifier,
        before: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._before = before
        self._models = models
        self._team = team
        self._build = build
        self._current, self._identity = default, DEFAULT
        self._refused: str | None = None
        self.former: list[Classifier] = []
        self.problem: str | None = None

    @property
    def current(self) -> Classifier:
        """Return the current classifier."""
        return self._current

    @property
    def identity(self) -> str:
        """Return the id of its model, or DEFAULT."""
        return self._identity

    @property
    def version(self) -> str:
        """Return the version of the current classifier."""
        return self._current.version

    @property
    def precision_report(self) -> PrecisionReport | None:
        """Return the report on the target precision of the model in use, or None."""
        return getattr(self._current, "precision_report", None)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each text by the current classifier."""
        return await self._current.classify(texts)

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Pass examples, and ids to remove, to the current classifier."""
        await self._current.learn(put, remove)

    async def refresh(self) -> None:
        """Build the champion if the pointer has moved; on failure, set `problem`."""
        wanted = await self._models.champion(self._team)
        if wanted == self._identity:
            self.problem = self._refused = None
        if wanted in (self._identity, self._refused):
            return
        if self._before is not None:
            await self._before()
        try:
            successor = await build_model(self._models, self._team, wanted, self._build)
        except (ModelError, ClassifierError) as error:
            self._refused = wanted
            self.problem = (
                f"the model {shown(wanted)} cannot be used: {error}; "
                f"{shown(self._identity)} stays in use"
            )
            log.warning("champion.refused", model=wanted, error=type(error).__name__)
            return
        self.former.append(self._current)  # it may still be answering
        self._current, self._identity = successor, wanted
        self.problem = self._refused = None
        await successor.learn(())  # learn what changed during the build
        log.info("champion.changed", model=wanted, classifier=successor.version)


@dataclass
class PrecisionReporter:
    """Store the precision report of the classifier in use when it changes."""

    workspaces: Workspaces
    team: str
    classifier: ChampionClassifier
    _stored: str | None = field(default=None, init=False)

    async def look(self) -> None:
        """Store the report if it has changed."""
        report = self.classifier.precision_report
        text = "" if report is None else str(report)
        if text != self._stored:
            await self.workspaces.set_precision_status(self.team, text)
            self._stored = text
