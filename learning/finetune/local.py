"""Training here: a recipe for the local classifier, tuned in seconds in a thread."""

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
    """Tunes a Recipe from the train part. A killed process costs the seconds it had spent.

    The embedder is made for each use: training is rare, and its memory is not kept for it.
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
        """Nothing leaves and nothing costs."""
        return ()

    def estimate(self, snapshot: Snapshot, epochs: int) -> TrainingEstimate:  # noqa: ARG002 - no epochs here
        """No tokens, no price."""
        return TrainingEstimate(0, 0.0)

    async def upload(self, job: Job, snapshot: Snapshot) -> tuple[str, ...]:  # noqa: ARG002 - nothing is sent
        """Nothing to send."""
        return ()

    async def create(self, job: Job) -> str:
        """The job is its own."""
        return job.tag

    async def poll(self, job: Job, snapshot: Snapshot) -> Remote:
        """Tunes, and is done."""
        content = await self._recipe(job, snapshot)
        return Remote("succeeded", tuned=hashlib.sha256(content).hexdigest()[:12])

    async def deploy(self, job: Job) -> str:
        """Here it is already."""
        return job.tuned

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """Teach a classifier by the recipe; it has to know what it was trained on."""
        recipe = Recipe.from_bytes(await self._recipe(job, snapshot))
        answered = await asyncio.to_thread(self._answer, recipe, snapshot)
        if answered not in snapshot.label_set.names:
            raise RefusedError("the tuned model gave no label of the set: more examples are needed")

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
        """The recipe as the model's file."""
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

    def cost(self, trained_tokens: int) -> float | None:  # noqa: ARG002 - whatever there is
        """Free."""
        return 0.0

    async def cancel(self, job: Job) -> None:
        """Nothing runs between two steps."""
        self._tuned.pop(job.id, None)

    async def _recipe(self, job: Job, snapshot: Snapshot) -> bytes:
        """The recipe of a job; tuned again where another process had tuned it."""
        if job.id not in self._tuned:
            recipe = await asyncio.to_thread(self._tune, snapshot)
            self._tuned[job.id] = recipe.to_bytes()
        return self._tuned[job.id]

    def _tune(self, snapshot: Snapshot) -> Recipe:
        return tune(_examples(snapshot), snapshot.label_set, self._make())


def _examples(snapshot: Snapshot) -> list[Example]:
    return [one.as_example() for one in snapshot.train]
