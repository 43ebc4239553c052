"""The machines of a Ray cluster as an engine of bulk work."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from learning.bulk.chunks import Answer, Chunk, Make, T, in_order
from learning.errors import DatasetError

_TRIES = 3  # of a chunk whose process was lost, beside the first
_AHEAD = 3  # chunks for each core, so that none waits for the slowest

_answer: Answer[Any] | None = None  # of this process, which Ray keeps for one run alone


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # tells its makers nothing
    # Under `uv run` Ray would copy this folder to the machines, and not use what is installed.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError:
        raise DatasetError("--engine ray needs Ray: pip install 'support-triage[ray]'") from None
    return ray


def _work(made: list[Any], chunk: Chunk) -> Any:
    """Answer a chunk in a process of the cluster; its first one makes what answers.

    `made` is a reference in a list: Ray would fetch a bare one for each chunk.
    """
    global _answer  # noqa: PLW0603 - Ray gives tasks no other place
    if _answer is None:
        _answer = _ray().get(made[0])()
    return _answer(chunk)


def answered(todo: Iterable[Chunk], make: Make[T], processes: int | None) -> Iterator[T]:
    """The answers of the cluster of RAY_ADDRESS, of this machine alone without it.

    So many `processes` are at work at a time, by default one on each core. What a lost process or
    machine had is answered by another one.
    """
    ray = _ray()
    ray.init(log_to_driver=False, logging_level="warning")
    try:
        made = ray.put(make)  # once for all of them
        task = ray.remote(num_cpus=1, max_retries=_TRIES)(_work)
        cores = int(ray.cluster_resources().get("CPU", 1))
        ahead = processes - 1 if processes else _AHEAD * cores
        for one in in_order(todo, lambda chunk: task.remote([made], chunk), ahead):
            yield ray.get(one)
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
        raise DatasetError(
            f"--engine ray: a process was lost again and again ({type(error).__name__}): see to "
            "the memory of the cluster's machines, and run the same command again to go on"
        ) from None
    finally:
        ray.shutdown()
