"""Measure the effect of learning from corrections in simulated traffic, and the gate's error rates.

    make bench-learning DATA=../shared/data ARGS="--write docs"

A bot starts with 4 examples per label and answers 2,000 messages. Agents correct all wrong labels,
or half of them; accepted answers count for its threshold, or not. Its accuracy on the test part is
compared with a bot that never learns, and with a bot that is fitted on every true label. Then the
gate compares equal models, and models 3 points apart, 200 times each.
Prints JSON, and keeps it in .benchmarks/learning.json.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.classify.data import read, sampled
from benchmarks.classify.machine import machine, today
from benchmarks.learning.gates import gates
from benchmarks.learning.remembering import RememberingEmbedder
from benchmarks.learning.report import chart, markdown
from benchmarks.learning.traffic import play, stage
from benchmarks.pages import write_part
from classifiers.embedding.minilm import MiniLmEmbedder

_RESULTS = Path(".benchmarks/learning.json")
_CHART = Path("docs/pictures/learning.png")
_CHECKPOINTS = (250, 500, 1_000, 2_000)
_PER_LABEL = 4


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.learning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with banking77/")
    parser.add_argument("--seeds", type=int, default=2, help="runs of the traffic")
    parser.add_argument("--quick", action="store_true", help="a run of 500 messages, no gate")
    parser.add_argument("--write", choices=["docs"], help="write docs/benchmarks.md and the chart")
    return parser.parse_args()


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


async def measured(options: argparse.Namespace) -> dict[str, Any]:
    folder = options.data / "banking77"
    train, unseen = read(folder / "train_full.csv"), read(folder / "test.csv")
    checkpoints, seeds = _CHECKPOINTS, options.seeds
    if options.quick:
        checkpoints, seeds, unseen = (250, 500), 1, sampled(unseen, 500)
    embedder = RememberingEmbedder(MiniLmEmbedder())
    found: dict[str, Any] = {"machine": machine(), "date": today(), "traffic": []}
    for seed in range(seeds):
        scene = stage(train, unseen, _PER_LABEL, checkpoints[-1], seed)
        say(f"traffic, seed {seed}")
        found["traffic"].append(await play(scene, embedder, checkpoints, say))
    if not options.quick:
        found["gates"] = await gates(train, unseen, embedder, say)
    return found


def main() -> None:
    options = arguments()
    found = asyncio.run(measured(options))
    print(json.dumps(found, indent=1))
    if options.quick:
        return
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps(found, indent=1))
    if options.write == "docs":
        write_part("learning", markdown(found))
        chart(found["traffic"], _CHART)


if __name__ == "__main__":
    main()
