"""An Answer for the worker processes of the bulk tests: capitals; quick to import."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator

from learning.bulk.chunks import CHUNK, Answer, Chunk, write
from learning.bulk.file_out import Out

TEXTS = [f"text {number}" for number in range(CHUNK * 4 + 7)]


def shout(chunk: list[str]) -> str:
    return "".join(f"{text.upper()}!\n" for text in chunk)


def shouting() -> Answer[str]:
    return shout


def die(_: list[str]) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def dying() -> Answer[str]:
    return die


def run(
    texts: Iterable[str], out: Out, job: str, answers: Callable[[Iterator[Chunk]], Iterator[str]]
) -> int:
    """Resume the run of this job, or start one."""
    if out.resume(job) is None:
        out.begin(job, job.encode())
    return write(texts, out, answers)
