"""Splits texts into chunks and answers them with several processes, in order.

Chunks are counted from the start of the input and answered as a whole. An answer does not depend
on the process or the time, so a run that was killed and resumed writes the same bytes as a run
without interruption.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, Final, Protocol, TypeVar

from learning.bulk.file_out import Out
from learning.errors import DatasetError

CHUNK: Final = 512
Chunk = list[str]
T = TypeVar("T")
Answer = Callable[[Chunk], T]
"""A function that answers the texts of a chunk."""
Make = Callable[[], Answer[T]]
"""A function that makes an Answer in a worker process."""

_answer: Answer[Any] | None = None  # set once per worker process by `_start`


class Engine(Protocol):
    """Worker processes on this machine or on a cluster."""

    def __call__(self, todo: Iterable[Chunk], make: Make[T], processes: int | None) -> Iterator[T]:
        """Yield the answers to chunks in order; `processes` None means one per core."""
        ...


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Yield the rows in lists of `size`; the last list may be shorter."""
    rest = iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk


def in_order(todo: Iterable[Chunk], start: Callable[[Chunk], T], ahead: int) -> Iterator[T]:
    """Yield the result of `start` for each chunk, in order, with up to `ahead` more started."""
    running: deque[T] = deque()
    for chunk in todo:
        running.append(start(chunk))
        if len(running) > ahead:
            yield running.popleft()
    yield from running


def _start(make: Make[Any]) -> None:
    global _answer  # noqa: PLW0603 - a pool can pass state to its tasks only through a global
    _answer = make()


def _work(chunk: Chunk) -> Any:
    assert _answer is not None
    return _answer(chunk)


def answered(todo: Iterable[Chunk], make: Make[T], processes: int | None) -> Iterator[T]:
    """Yield the answers of processes on this machine; memory holds only a few chunks at a time.

    Raise DatasetError if a process dies.
    """
    count = processes or os.cpu_count() or 1
    spawn = multiprocessing.get_context("spawn")  # a fork would break the model's threads
    pool = ProcessPoolExecutor(count, spawn, _start, (make,))
    try:
        for future in in_order(todo, lambda chunk: pool.submit(_work, chunk), 2 * count):
            yield future.result()
    except BrokenProcessPool:
        raise DatasetError(
            "a worker process died, possibly because memory ran out. Run the same command again "
            "to continue, with fewer --processes."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def write(
    texts: Iterable[str], out: Out, answers: Callable[[Iterator[Chunk]], Iterator[str]]
) -> int:
    """Write the answers to texts; return the number of chunks that an earlier run had written."""
    before = out.done
    try:
        for lines in answers(islice(chunks(texts), before, None)):
            out.add(lines)
        out.finish()
    finally:
        out.close()
    return before
