"""Many texts in chunks, answered by several processes, in order.

A chunk is so many rows from the start of the input, and answered as a whole. So what a chunk
becomes does not depend on who answers it or when, and a run that was killed and goes on writes the
same bytes as one that was not.
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
"""What answers the texts of a chunk."""
Make = Callable[[], Answer[T]]
"""What makes it, in the process that is to answer."""

_answer: Answer[Any] | None = None  # of this process, made once by `_start`


class Engine(Protocol):
    """Processes that answer, on this machine or on many."""

    def __call__(self, todo: Iterable[Chunk], make: Make[T], processes: int | None) -> Iterator[T]:
        """The answers to chunks, in their order, by so many processes (None: one a core)."""
        ...


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The rows, `size` at a time."""
    rest = iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk


def in_order(todo: Iterable[Chunk], start: Callable[[Chunk], T], ahead: int) -> Iterator[T]:
    """What was started for each chunk, in their order, with `ahead` more started by then."""
    running: deque[T] = deque()
    for chunk in todo:
        running.append(start(chunk))
        if len(running) > ahead:
            yield running.popleft()
    yield from running


def _start(make: Make[Any]) -> None:
    global _answer  # noqa: PLW0603 - a pool gives its processes no other place
    _answer = make()


def _work(chunk: Chunk) -> Any:
    assert _answer is not None
    return _answer(chunk)


def answered(todo: Iterable[Chunk], make: Make[T], processes: int | None) -> Iterator[T]:
    """The answers of processes of this machine; a few wait in memory, however many there are."""
    count = processes or os.cpu_count() or 1
    spawn = multiprocessing.get_context("spawn")  # a fork would share the threads of the model
    pool = ProcessPoolExecutor(count, spawn, _start, (make,))
    try:
        for one in in_order(todo, lambda chunk: pool.submit(_work, chunk), 2 * count):
            yield one.result()
    except BrokenProcessPool:
        raise DatasetError(
            "a process of the run died, perhaps for want of memory: run the same command "
            "again to go on, with fewer --processes"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def write(
    texts: Iterable[str], out: Out, answers: Callable[[Iterator[Chunk]], Iterator[str]]
) -> int:
    """Write the lines that answer the texts; how many chunks were done before."""
    before = out.done
    try:
        for lines in answers(islice(chunks(texts), before, None)):
            out.add(lines)
        out.finish()
    finally:
        out.close()
    return before
