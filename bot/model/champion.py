"""The classifier in use: the model that the champion pointer names, exchanged without a restart."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from classifiers.base import Classifier, ClassifierError, Example, Prediction
from classifiers.local.calibration import PrecisionReport
from storage.models import DEFAULT, Model, ModelError, Models, shown
from storage.workspace.workspaces import Workspaces

Build = Callable[[Model | None, bytes], Classifier]
"""A classifier of a model and its file, None for the default one, that knows all examples.

It blocks, and raises ClassifierError or ModelError where it cannot be made.
"""

log = structlog.get_logger()


async def built(models: Models, team: str, identity: str, build: Build) -> Classifier:
    """The classifier of a model id, its file checked; ModelError or ClassifierError if it fails."""
    if identity == DEFAULT:
        return await asyncio.to_thread(build, None, b"")
    model = await models.get(team, identity)
    if model is None:
        raise ModelError(f"model {identity} is not stored, or is not what its id says")
    return await asyncio.to_thread(build, model, await models.file(team, model))


class ChampionClassifier:
    """Delegates to the classifier of the champion; one that cannot be made leaves the old one.

    Its examples are in an index that all classifiers of a process share, so that a new one knows
    them from the start; `learn` reaches the one in use. `before` is awaited before one is made.
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
        """The classifier that answers now."""
        return self._current

    @property
    def identity(self) -> str:
        """The id of its model, or DEFAULT."""
        return self._identity

    @property
    def version(self) -> str:
        """The version of the one in use."""
        return self._current.version

    @property
    def precision_report(self) -> PrecisionReport | None:
        """Return the report on the target precision of the model in use, or None."""
        return getattr(self._current, "precision_report", None)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict each text with the one in use."""
        return await self._current.classify(texts)

    async def learn(self, put: Sequence[Example], remove: Sequence[str] = ()) -> None:
        """Tell the one in use."""
        await self._current.learn(put, remove)

    async def refresh(self) -> None:
        """Change over if the pointer has moved; `problem` says why not, if it fails."""
        wanted = await self._models.champion(self._team)
        if wanted == self._identity:
            self.problem = self._refused = None
        if wanted in (self._identity, self._refused):
            return
        if self._before is not None:
            await self._before()
        try:
            successor = await built(self._models, self._team, wanted, self._build)
        except (ModelError, ClassifierError) as error:
            self._refused = wanted
            self.problem = (
                f"the champion {shown(wanted)} cannot be used: {error}; "
                f"{shown(self._identity)} still answers"
            )
            log.warning("champion.refused", model=wanted, error=type(error).__name__)
            return
        self.former.append(self._current)  # may still be answering
        self._current, self._identity = successor, wanted
        self.problem = self._refused = None
        await successor.learn(())  # what came while it was made
        log.info("champion.changed", model=wanted, classifier=successor.version)


@dataclass
class PrecisionReporter:
    """Notes what the classifier in use says of itself, as often as that changes."""

    workspaces: Workspaces
    team: str
    classifier: ChampionClassifier
    _said: str | None = field(default=None, init=False)

    async def look(self) -> None:
        """Write it down where it has changed."""
        report = self.classifier.precision_report
        said = "" if report is None else str(report)
        if said != self._said:
            await self.workspaces.set_precision_status(self.team, said)
            self._said = said
