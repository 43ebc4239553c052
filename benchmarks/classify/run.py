"""Run each contender in a separate process, and keep its result in a file."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.classify.contender import ENTRIES, Entry
from benchmarks.classify.data import Split

RESULTS = Path(".benchmarks/classify")
_LONGEST_S = 3600
_QUICK_STEPS = "40"


@dataclass(frozen=True)
class Plan:
    """The numbers of messages to test, to test with an LLM, and to time."""

    test_size: int | None = None
    llm_test_size: int = 200
    timed: int = 200
    quick: bool = False

    def of(self, entry: Entry) -> int | None:
        """Return the number of test messages for a contender, or None for all."""
        return self.llm_test_size if entry.asks_llm else self.test_size


QUICK = Plan(test_size=300, llm_test_size=30, timed=30, quick=True)


def place(entry: Entry, split: Split, plan: Plan) -> Path:
    """Return the file for a contender's result on a split."""
    folder = RESULTS / ("quick" if plan.quick else "full") / split.title
    return folder / f"{entry.target.replace(':', '-')}.json"


def run(entry: Entry, data: Path, split: Split, plan: Plan) -> dict[str, Any]:
    """Measure in a child process; if it fails, the result has the last line of its errors."""
    started = time.perf_counter()
    try:
        figures = _child(entry, data, split, plan)
    except subprocess.TimeoutExpired:
        figures = {"error": f"timed out after {_LONGEST_S:,} s"}
    except subprocess.CalledProcessError as error:
        figures = {"error": _last_line(error.stderr) or f"exit status {error.returncode}"}
    result = {
        "contender": entry.name,
        "dataset": split.dataset,
        "split": split.name,
        "digest": split.digest,
        "labels": len(split.labels),
        "per_label": split.per_label,
        "took_s": time.perf_counter() - started,
        **figures,
    }
    path = place(entry, split, plan)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1))
    return result


def _child(entry: Entry, data: Path, split: Split, plan: Plan) -> dict[str, Any]:
    command = [entry.python, "-m", "benchmarks.classify.child", "--contender", entry.name]
    command += ["--data", data, "--split", split.title, "--timed", str(plan.timed)]
    size = plan.of(entry)
    command += [] if size is None else ["--test-size", str(size)]
    environment = dict(os.environ, TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")
    environment["OMP_WAIT_POLICY"] = "passive"  # waiting threads must not take a core from others
    if plan.quick:
        environment["BENCH_SETFIT_STEPS"] = _QUICK_STEPS
    done = subprocess.run(  # noqa: S603 - our own module
        [*command, "--spawned", str(time.time())],
        env=environment,
        capture_output=True,
        timeout=_LONGEST_S,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def stored(entry: Entry, split: Split, plan: Plan) -> dict[str, Any] | None:
    """Return an earlier result on the same data, or None if there is none or it is an error."""
    path = place(entry, split, plan)
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    return found if found["digest"] == split.digest and "error" not in found else None


def versions() -> Iterator[tuple[str, str]]:
    """Yield packages and versions of all environments; the product's versions take precedence."""
    code = "import json; from benchmarks.classify.machine import versions as found; "
    code += "print(json.dumps(found()))"
    found: dict[str, str] = {}
    for python in reversed(dict.fromkeys(entry.python for entry in ENTRIES)):
        if python.exists():
            done = subprocess.run(  # noqa: S603 - our own module
                [python, "-c", code], capture_output=True, check=True
            )
            found |= json.loads(done.stdout)
    yield from sorted(found.items())
