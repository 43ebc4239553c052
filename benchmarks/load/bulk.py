"""`python -m benchmarks.load.bulk` compares `triage classify --out` with the model alone, in turn.

Both run in the same number of processes, on the same chunks. The model alone has its texts in
memory and discards its answers; bulk reads a file and writes a file. Wall and CPU time count from
the moment when the last process is ready; the start-up time is reported separately.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.load.texts import TEXTS, text
from bot.bulk.choose import Taught
from bot.bulk.classify import blueprint_of, rows_by
from bot.bulk.engine import Crew
from bot.config.config import Config, load_config
from classifiers.base import Example
from classifiers.blueprint import Blueprint
from learning.bulk import chunks as bulk
from learning.bulk.file_out import FileOut
from learning.reading.reader import texts

_EXAMPLES = 480
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Pass:
    """One pass: wall and CPU seconds of the work, and seconds until all processes were ready."""

    work_s: float
    cpu_s: float
    start_s: float


class Ready:
    """A barrier at which processes wait until all have loaded their models."""

    def __init__(self, processes: int) -> None:
        self._barrier = SPAWN.Barrier(processes)
        self._moment = SPAWN.Value("d", 0.0)
        self._cpu = SPAWN.Value("d", 0.0)

    def wait(self) -> None:
        self._barrier.wait()
        with self._cpu:
            self._cpu.value += time.process_time()
            self._moment.value = time.monotonic()  # one clock for all processes

    @contextmanager
    def timed(self) -> Iterator[list[Pass]]:
        found: list[Pass] = []
        started, parent, before = time.monotonic(), time.process_time(), _children_s()
        yield found
        ended = time.monotonic()
        cpu = time.process_time() - parent + _children_s() - before - self._cpu.value
        found.append(Pass(ended - self._moment.value, cpu, self._moment.value - started))


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def example(number: int, config: Config) -> Example:
    """Return an example with the label of its text."""
    place = number % len(TEXTS) * len(config.label_set.labels) // len(TEXTS)
    return Example(f"e{number}", text(-number), config.label_set.names[place])


def alone(blueprint: Blueprint, threads: int, ready: Ready, share: list[bulk.Chunk]) -> None:
    """Classify one process's share of the chunks, and discard the answers."""
    classifier = blueprint.make(threads)
    ready.wait()
    for chunk in share:
        asyncio.run(classifier.classify(chunk))


def raw(blueprint: Blueprint, crew: Crew, count: int, processes: int) -> Pass:
    """Measure the model alone."""
    ready = Ready(processes)
    work = list(bulk.chunks(text(number) for number in range(count)))
    with ready.timed() as found:
        children = [
            SPAWN.Process(target=alone, args=(blueprint, crew.threads, ready, work[n::processes]))
            for n in range(processes)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join()
            assert child.exitcode == 0
    return found[0]


def rows_when_ready(blueprint: Blueprint, threads: int, ready: Ready) -> bulk.Answer[str]:
    answer = rows_by(blueprint, threads)
    ready.wait()
    return answer


def whole(blueprint: Blueprint, crew: Crew, source: Path, processes: int) -> Pass:
    """Measure the work from file to file, as the command does it."""
    ready = Ready(processes)
    make = partial(rows_when_ready, blueprint, crew.threads, ready)
    out = FileOut(source.with_name("out.jsonl"))
    out.begin("bench", b"")
    with ready.timed() as found:
        bulk.write(texts(str(source)), out, lambda todo: crew.answers(todo, make))
    return found[0]


def figures(name: str, passes: list[Pass], count: int) -> dict[str, Any]:
    """Return the medians of one side's passes."""
    cpu_ms = [1000 * each.cpu_s / count for each in passes]
    return {
        f"{name}_per_s": statistics.median(count / each.work_s for each in passes),
        f"{name}_cpu_ms_per_text": statistics.median(cpu_ms),
        f"{name}_start_s": statistics.median(each.start_s for each in passes),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load.bulk")
    parser.add_argument("--texts", type=int, default=20_480)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path(".benchmarks/bulk.json"))
    options = parser.parse_args()
    config, crew = load_config(Path("triage.toml")), Crew(processes=options.processes)
    examples = tuple(example(number, config) for number in range(1, _EXAMPLES + 1))
    blueprint = blueprint_of(config, Taught(source="", examples=examples))
    count, processes = options.texts, options.processes
    model, run = [], []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "texts.jsonl"
        rows = (json.dumps({"text": text(number)}) + "\n" for number in range(count))
        source.write_text("".join(rows))
        for _ in range(options.rounds):
            model.append(raw(blueprint, crew, count, processes))
            run.append(whole(blueprint, crew, source, processes))
    pairs = list(zip(model, run, strict=True))
    shares = [baseline.work_s / ours.work_s for baseline, ours in pairs]
    cpu = [baseline.cpu_s / ours.cpu_s for baseline, ours in pairs]
    found: dict[str, Any] = {"texts": count, "processes": processes, "rounds": options.rounds}
    found |= figures("raw", model, count) | figures("bulk", run, count)
    found |= {"share_of_raw": statistics.median(shares), "share_of_raw_of_each_round": shares}
    found |= {"share_of_raw_in_cpu": statistics.median(cpu)}
    shown = json.dumps(found, indent=2)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(shown + "\n")
    sys.stdout.write(shown + "\n")


if __name__ == "__main__":
    main()
