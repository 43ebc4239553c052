"""`python -m benchmarks.load.bulk`: `triage classify --out` against the model's own speed."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.load.texts import text
from support_triage.bot.bulk import make_answer
from support_triage.bot.config import Config, Settings, load_config
from support_triage.bot.making import classifier_of
from support_triage.learning import bulk
from support_triage.learning.bulk_file import texts


def raw(config: Config, count: int) -> float:
    """Texts per second of the local classifier alone, all cores in one process."""
    classifier = classifier_of(
        Settings(), config.label_set, config.triage.target_precision, kind="local"
    )
    chunks = list(bulk.chunks(text(number) for number in range(count)))
    asyncio.run(classifier.classify(chunks[0][:64]))
    start = time.perf_counter()
    for chunk in chunks:
        asyncio.run(classifier.classify(chunk))
    return count / (time.perf_counter() - start)


def whole(config: Config, count: int, processes: int) -> float:
    """Texts per second from file to file, counted once the models are loaded."""
    moments: list[float] = []

    def timed(todo: bulk.Todo) -> bulk.Answers:
        make = partial(make_answer, Settings(), config, max(1, (os.cpu_count() or 1) // processes))
        for lines in bulk.answered(todo, make, processes):
            moments.append(time.perf_counter())
            yield lines

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "texts.jsonl"
        rows = (json.dumps({"text": text(number)}) for number in range(count))
        source.write_text("\n".join(rows))
        bulk.write(texts(str(source)), Path(folder) / "out.jsonl", "bench", timed)
        ended = time.perf_counter()
    # The first chunks of all processes come at about the same time: count from the last of them.
    return (count - processes * bulk.CHUNK) / (ended - moments[processes - 1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load.bulk")
    parser.add_argument("--texts", type=int, default=50_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path(".benchmarks/bulk.json"))
    options = parser.parse_args()
    config = load_config(Path("triage.toml"))
    figures = {
        "texts": options.texts,
        "processes": options.processes,
        "raw_per_s": raw(config, options.texts),
        "bulk_per_s": whole(config, options.texts, options.processes),
    }
    figures["share_of_raw"] = figures["bulk_per_s"] / figures["raw_per_s"]
    shown = json.dumps({name: round(one, 3) for name, one in figures.items()}, indent=2)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(shown + "\n")
    sys.stdout.write(shown + "\n")


if __name__ == "__main__":
    main()
