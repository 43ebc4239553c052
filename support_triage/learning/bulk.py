"""Many texts to one file: in chunks, by several processes, in order, and on from where it ended.

A chunk is so many rows from the start of the input, and answered as a whole. So what a chunk
becomes does not depend on who answers it or when, and a run that was killed and goes on writes the
same bytes as one that was not.
"""

import json
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from support_triage.learning.dataset import DatasetError

CHUNK: Final = 512
Answer = Callable[[list[str]], str]
"""What answers the texts of a chunk: one line for each, each with its end."""
Todo = Iterator[list[str]]
Answers = Iterator[str]

_answer: Answer | None = None  # of this process, made once by `_start`


class Progress(BaseModel):
    """How far a run came: chunks done and the bytes that they take, of which input, by what."""

    model_config = ConfigDict(frozen=True)

    job: str
    chunks: int = 0
    size: int = 0


def chunks(texts: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    """The texts, `size` at a time."""
    rest = iter(texts)
    while chunk := list(islice(rest, size)):
        yield chunk


def _start(make: Callable[[], Answer]) -> None:
    global _answer  # noqa: PLW0603 - a pool gives its processes no other place
    _answer = make()


def _work(chunk: list[str]) -> str:
    assert _answer is not None
    return _answer(chunk)


def answered(
    todo: Iterator[list[str]], make: Callable[[], Answer], processes: int
) -> Iterator[str]:
    """The answers to chunks, in their order; a few wait in memory, however many there are."""
    spawn = multiprocessing.get_context("spawn")  # a fork would share the threads of the model
    with ProcessPoolExecutor(processes, spawn, _start, (make,)) as pool:
        running: deque[Future[str]] = deque()
        try:
            for chunk in todo:
                running.append(pool.submit(_work, chunk))
                if len(running) > 2 * processes:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool:
            raise DatasetError(
                "a process of the run died, perhaps for want of memory: run the same command "
                "again to go on, with fewer --processes"
            ) from None
        finally:
            for one in running:
                one.cancel()


def write(
    texts: Iterable[str],
    out: Path,
    job: str,
    answers: Callable[[Todo], Answers],
) -> int:
    """Write the answers to all texts to `out`; how many chunks were done before.

    `job` says what is done to what: a run goes on only where it is the same. The file stands in
    its place when it is complete; until then `.NAME.part` and `.NAME.progress` are beside it.
    """
    part, note = out.with_name(f".{out.name}.part"), out.with_name(f".{out.name}.progress")
    progress = _before(note, part, job)
    before = progress.chunks
    with part.open("r+b" if before else "wb") as file:
        file.truncate(progress.size)
        file.seek(progress.size)
        for lines in answers(islice(chunks(texts), before, None)):
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())
            progress = Progress(job=job, chunks=progress.chunks + 1, size=file.tell())
            _note(note, progress)
    part.replace(out)
    note.unlink(missing_ok=True)
    return before


def _before(note: Path, part: Path, job: str) -> Progress:
    """Where to go on: the start, where nothing fits."""
    try:
        found = Progress.model_validate_json(note.read_bytes())
        fits = found.job == job and part.stat().st_size >= found.size
    except (FileNotFoundError, ValidationError):
        fits = False
    return found if fits else Progress(job=job)


def _note(note: Path, progress: Progress) -> None:
    new = note.with_name(f"{note.name}.new")
    new.write_text(json.dumps(progress.model_dump()))
    new.replace(note)
