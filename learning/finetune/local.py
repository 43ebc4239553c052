"""The local backend: tunes the local classifier's recipe in a thread, in seconds."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence

from classifiers.base import Embedder, Example
from classifiers.embedding.index import EmbeddedIndex
from classifiers.local.local import LocalClassifier
from classifiers.local.recipe import Recipe, tune
from learning.finetune.backend import PreflightFinding, RefusedError, Remote, TrainingEstimate
from storage.examples.snapshots import Snapshot
from storage.jobs import Job
from storage.models import Model, library_versions

_LIBRARIES = ("numpy", "scipy", "onnxruntime", "tokenizers")


class LocalBackend:
    """Tunes a Recipe from the train part; if the process is killed, tuning starts again.

    The embedder is made for each use: training is rare, and keeping it would cost memory.
    """

    name = "local"
    hosted = False
    longest = None

    def __init__(
        self, make: Callable[[], Embedder], base_model: str, target_precision: float
    ) -> None:
        self._make = make
        self.base_model = base_model
        self._target = target_precision
        self._tuned: dict[str, bytes] = {}

    async def check(self, _: Snapshot) -> Sequence[PreflightFinding]:
        """Return no findings: nothing is sent and nothing costs money."""
        return ()

    def estimate(self, snapshot: Snapshot, epochs: int) -> TrainingEstimate:  # noqa: ARG002 - no epochs here
        """Return zero tokens and a price of zero."""
        return TrainingEstimate(0, 0.0)

    async def upload(self, job: Job, snapshot: Snapshot) -> tuple[str, ...]:  # noqa: ARG002 - nothing is sent
        """Return no files: nothing is sent."""
        return ()

    async def create(self, job: Job) -> str:
        """Return the job's tag: there is no remote job."""
        return job.tag

    async def poll(self, job: Job, snapshot: Snapshot) -> Remote:
        """Tune the recipe, and report success."""
        content = await self._recipe(job, snapshot)
        return Remote("succeeded", tuned=hashlib.sha256(content).hexdigest()[:12])

    async def deploy(self, job: Job) -> str:
        """Return the hash of the recipe: there is nothing to deploy."""
        return job.tuned

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """Fit a classifier by the recipe; raise RefusedError if it does not label its own text."""
        recipe = Recipe.from_bytes(await self._recipe(job, snapshot))
        answered = await asyncio.to_thread(self._answer, recipe, snapshot)
        if answered not in snapshot.label_set.names:
            raise RefusedError("the tuned model gives no label. Collect more examples.")

    def _answer(self, recipe: Recipe, snapshot: Snapshot) -> str:
        embedder = self._make()
        index = EmbeddedIndex(embedder)
        index.put(_examples(snapshot))
        classifier = LocalClassifier(
            snapshot.label_set, embedder, index, self._target, recipe=recipe
        )
        [found] = asyncio.run(classifier.classify([snapshot.train[0].text]))
        return found.alternatives[0].label if found.alternatives else ""

    async def challenger(self, job: Job, snapshot: Snapshot) -> tuple[Model, bytes]:
        """Return the model, with the recipe as its file."""
        content = await self._recipe(job, snapshot)
        model = Model(
            kind="local",
            backend=self.name,
            label_set=snapshot.label_set.version,
            snapshot=snapshot.id,
            created=f"{job.created:.6f}",
            sha256=hashlib.sha256(content).hexdigest(),
            libraries=library_versions(_LIBRARIES),
        )
        self._tuned.pop(job.id, None)
        return model, content

    def cost(self, trained_tokens: int) -> float | None:  # noqa: ARG002 - always free
        """Return zero."""
        return 0.0

    async def cancel(self, job: Job) -> None:
        """Drop the tuned recipe: nothing runs between two steps."""
        self._tuned.pop(job.id, None)

    async def _recipe(self, job: Job, snapshot: Snapshot) -> bytes:
        """Return the recipe of a job; tune it again if another process tuned it."""
        if job.id not in self._tuned:
            recipe = await asyncio.to_thread(self._tune, snapshot)
            self._tuned[job.id] = recipe.to_bytes()
        return self._tuned[job.id]

    def _tune(self, snapshot: Snapshot) -> Recipe:
        return tune(_examples(snapshot), snapshot.label_set, self._make())


def _examples(snapshot: Snapshot) -> list[Example]:
    return [example.as_example() for example in snapshot.train]
