"""Compares queues on Redis: their speed, and the fate of 2,000 jobs when a worker is killed."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from rich.console import Console
from rich.table import Table

from storage.server.embedded import EmbeddedValkey

OURS = ("inbox", "groups")
PEERS = ("docket", "taskiq", "streaq")
OUT = Path("queue.json")
_END_S = 90.0


@dataclass(frozen=True)
class Result:
    """A row of the table."""

    queue: str
    workers: int
    enqueue_p99_ms: float
    jobs_a_second: float
    lost: int
    twice: int
    redelivered_s: float | None


class Bench:
    """A contender on a Valkey."""

    def __init__(self, name: str, python: str, url: str, jobs: int) -> None:
        self.name = name
        self._python = python
        self._environment = os.environ | {"QUEUE_URL": url}
        self._jobs = jobs
        self.redis: Any = Redis.from_url(url, decode_responses=True)

    def _child(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        command = [self._python, "-m", "benchmarks.queue.child", self.name, *arguments]
        return subprocess.Popen(command, env=self._environment, text=True, **more)  # noqa: S603

    @contextmanager
    def _workers(self, count: int) -> Iterator[list[subprocess.Popen[str]]]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started = [self._child("work", **quiet) for _ in range(count)]
        try:
            yield started
        finally:
            for worker in started:
                worker.kill()
                worker.wait()

    def _produce(self) -> list[float]:
        out, _ = self._child("produce", str(self._jobs), stdout=subprocess.PIPE).communicate()
        found: list[float] = json.loads(out.splitlines()[-1])
        return found

    def _done(self) -> int:
        return len({line.split()[0] for line in self.redis.lrange("done", 0, -1)})

    def _until(self, count: int, seconds: float = _END_S) -> None:
        until = time.monotonic() + seconds
        while self._done() < count and time.monotonic() < until:
            time.sleep(0.02)

    def speed(self, workers: int) -> tuple[float, float]:
        """Return (p99 of enqueueing in ms, jobs per second from the first to the last)."""
        self.redis.flushall()
        took = self._produce()
        with self._workers(workers):
            self._until(self._jobs)
        ends = [float(line.split()[1]) for line in self.redis.lrange("done", 0, -1)]
        begins = [float(line.split()[1]) for line in self.redis.lrange("began", 0, -1)]
        return statistics.quantiles(took, n=100)[98] * 1000, len(ends) / (max(ends) - min(begins))

    def killed(self, workers: int) -> tuple[int, int, float | None]:
        """Kill a worker, and count the jobs.

        Return (lost, done twice, seconds from the kill until the last of its jobs was done).
        """
        self.redis.flushall()
        self._produce()
        with self._workers(workers) as started:
            self._until(self._jobs // 4)
            started[0].kill()
            started[0].wait()
            at, victim = time.time(), str(started[0].pid)
            if workers == 1:
                started.append(self._child("work", stderr=subprocess.DEVNULL))
            self._until(self._jobs)
            time.sleep(2)  # for jobs that are done a second time
        done = [line.split() for line in self.redis.lrange("done", 0, -1)]
        began = {
            line.split()[0]
            for line in self.redis.lrange("began", 0, -1)
            if line.split()[2] == victim
        }
        first = {number for number, when, _ in done if float(when) <= at}
        in_flight = began - first
        ends = [float(when) - at for number, when, _ in done if number in in_flight]
        counts = Counter(number for number, _, _ in done)
        twice = sum(count > 1 for count in counts.values())
        return self._jobs - len(counts), twice, max(ends, default=None) if in_flight else None


def main() -> None:
    """Print the table and write it as JSON."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.queue")
    options.add_argument("--peers", help="Python of the environment with peers.txt")
    options.add_argument("--jobs", type=int, default=2000)
    options.add_argument("--only")
    given = options.parse_args()
    names = OURS + (PEERS if given.peers else ())
    results = []
    for name in [name for name in names if given.only in (None, name)]:
        python = given.peers if name in PEERS else sys.executable
        with tempfile.TemporaryDirectory() as folder, EmbeddedValkey(Path(folder)) as valkey:
            bench = Bench(name, python, valkey.url, given.jobs)
            for workers in (1, 2):
                p99, speed = bench.speed(workers)
                lost, twice, redelivered = bench.killed(workers)
                delay = None if redelivered is None else round(redelivered, 1)
                results.append(
                    Result(name, workers, round(p99, 2), round(speed), lost, twice, delay)
                )
                print(results[-1], flush=True)
    table = Table(*asdict(results[0]))
    for result in results:
        table.add_row(*(str(value) for value in asdict(result).values()))
    Console(width=120).print(table)
    OUT.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
