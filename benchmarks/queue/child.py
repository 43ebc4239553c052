"""`python -m benchmarks.queue.child CONTENDER produce|work`: one process of one queue."""

import asyncio
import importlib
import json
import sys
from typing import Any


def main() -> None:
    """Do what is asked; `produce N` prints the seconds of each as JSON."""
    name, verb, *rest = sys.argv[1:]
    contender: Any = importlib.import_module(f"benchmarks.queue.contenders.{name}")
    if verb == "work":
        asyncio.run(contender.work())
    else:
        print(json.dumps(asyncio.run(contender.produce(range(int(rest[0]))))))


if __name__ == "__main__":
    main()
