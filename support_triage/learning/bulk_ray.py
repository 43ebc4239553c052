"""The processes of a Ray cluster as an engine of bulk work."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from support_triage.learning.bulk import Chunk, Make, T, in_order
from support_triage.learning.dataset import DatasetError

_TRIES = 3  # of a chunk, on other machines, when the one that had it was lost


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # tells its makers nothing
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError:
        raise DatasetError("--engine ray needs Ray: pip install 'support-triage[ray]'") from None
    return ray


class _Process:
    """An actor: a process somewhere in the cluster, with what answers in it."""

    def __init__(self, make: Make[Any]) -> None:
        self._answer = make()

    def answer(self, chunk: Chunk) -> Any:
        return self._answer(chunk)


class _Crew:
    """Actors of which the one with the least to do gets the next chunk."""

    def __init__(self, ray: Any, actors: list[Any]) -> None:
        self._ray = ray
        self._tasks: dict[Any, list[Any]] = {actor: [] for actor in actors}

    def start(self, chunk: Chunk) -> Any:
        asked = [task for tasks in self._tasks.values() for task in tasks]
        if asked:
            _, open_ = self._ray.wait(asked, num_returns=len(asked), timeout=0, fetch_local=False)
            still = set(open_)
            for actor, tasks in self._tasks.items():
                self._tasks[actor] = [task for task in tasks if task in still]
        actor = min(self._tasks, key=lambda one: len(self._tasks[one]))
        task = actor.answer.remote(chunk)
        self._tasks[actor].append(task)
        return task


def answered(todo: Iterable[Chunk], make: Make[T], processes: int | None) -> Iterator[T]:
    """The answers of so many processes (None: of all cores) of the cluster of RAY_ADDRESS.

    Without RAY_ADDRESS it is a cluster of this machine alone. What a lost machine had is answered
    by another one.
    """
    ray = _ray()
    ray.init(log_to_driver=False, logging_level="warning")
    try:
        count = processes or max(1, int(ray.cluster_resources().get("CPU", 1)))
        kind = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=_TRIES)(_Process)
        made = ray.put(make)  # once for all of them
        crew = _Crew(ray, [kind.remote(made) for _ in range(count)])
        for task in in_order(todo, crew.start, 3 * count):
            yield ray.get(task)
    except ray.exceptions.RayActorError as error:
        raise DatasetError(
            f"--engine ray: a process was lost again and again ({type(error).__name__}): look at "
            "the cluster, and run the same command again to go on"
        ) from None
    finally:
        ray.shutdown()
