"""The classifier alone, on the benchmark's texts in batches: the baseline for the whole bot."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.load.texts import text
from bot.config.config import Settings, load_config
from bot.model.build import classifier_of


async def main(count: int, batch: int) -> None:
    """Print texts per second as JSON."""
    config = load_config(Path(os.environ["TRIAGE_CONFIG"]))
    classifier = classifier_of(Settings(), config.label_set, config.triage.target_precision)
    texts = [text(number) for number in range(count)]
    await classifier.classify(texts[:batch])
    start = time.perf_counter()
    for at in range(0, count, batch):
        await classifier.classify(texts[at : at + batch])
    took = time.perf_counter() - start
    print(json.dumps({"texts_per_s": round(count / took, 1), "batch": batch, "texts": count}))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
