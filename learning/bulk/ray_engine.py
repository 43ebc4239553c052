"""Runs bulk work on the machines of a Ray cluster."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from learning.bulk.chunks import Answer, Chunk, Make, T, in_order
from learning.errors import DatasetError

_RETRIES = 3  # for a chunk whose process died
_AHEAD = 3  # chunks queued per core, so that no core waits for the slowest

_answer: Answer[Any] | None = None  # set once per worker process; Ray uses it for one run only


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no telemetry
    # Under `uv run`, Ray would copy this folder to the machines instead of using what they have.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError:
        raise DatasetError(
            "--engine ray: Ray is not installed. Run: pip install 'support-triage[ray]'"
        ) from None
    return ray


def _work(make: list[Any], chunk: Chunk) -> Any:
    """Answer a chunk in a process of the cluster; the first chunk makes the Answer.

    `make` is a reference in a list, because Ray would fetch a bare reference for each chunk.
    """
    global _answer  # noqa: PLW0603 - Ray can keep state between tasks only in a global
    if _answer is None:
        _answer = _ray().get(make[0])()
    return _answer(chunk)


def answered(todo: Iterable[Chunk], make: Make[T], processes: int | None) -> Iterator[T]:
    """Yield the answers of the cluster at RAY_ADDRESS, or of this machine if it is not set.

    `processes` run at a time, by default one per core. Chunks of a lost process or machine are
    retried on another; raise DatasetError if that fails too.
    """
    ray = _ray()
    ray.init(log_to_driver=False, logging_level="warning")
    try:
        shared = ray.put(make)  # stored once, for all processes
        task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_work)
        cores = int(ray.cluster_resources().get("CPU", 1))
        ahead = processes - 1 if processes else _AHEAD * cores
        for answer in in_order(todo, lambda chunk: task.remote([shared], chunk), ahead):
            yield ray.get(answer)
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
        raise DatasetError(
            f"--engine ray: a process died repeatedly ({type(error).__name__}). Check the memory "
            "of the cluster's machines, and run the same command again to continue."
        ) from None
    finally:
        ray.shutdown()
