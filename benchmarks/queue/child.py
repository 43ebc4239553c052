"""`python -m benchmarks.queue.child CONTENDER produce|work` runs a process of a queue."""

import asyncio
import importlib
import json
import sys
from typing import Any


def main() -> None:
    """Run a worker, or enqueue jobs: `produce N` prints the seconds of each call as JSON."""
    name, verb, *rest = sys.argv[1:]
    contender: Any = importlib.import_module(f"benchmarks.queue.contenders.{name}")
    if verb == "work":
        asyncio.run(contender.work())
    else:
        print(json.dumps(asyncio.run(contender.produce(range(int(rest[0]))))))


if __name__ == "__main__":
    main()
