"""`triage classify FILE --out FILE`: the local classifier in as many processes as are asked for."""

import asyncio
import hashlib
import json
import os
from functools import partial
from pathlib import Path

from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.making import classifier_of
from support_triage.bot.prediction_row import row
from support_triage.classifiers.factory import make_parts
from support_triage.learning import bulk
from support_triage.learning.bulk_file import texts


def make_answer(settings: Settings, config: Config, threads: int) -> bulk.Answer:
    """What answers a chunk in a process of its own."""
    classifier = classifier_of(
        settings,
        config.label_set,
        config.triage.target_precision,
        kind="local",
        parts=make_parts(config.local.embedder, threads),
    )

    def answer(chunk: list[str]) -> str:
        predictions = asyncio.run(classifier.classify(chunk))
        lines = [
            json.dumps(row(text, one), ensure_ascii=False)
            for text, one in zip(chunk, predictions, strict=True)
        ]
        return "\n".join(lines) + "\n"

    return answer


def job_of(name: str, config: Config) -> str:
    """What a run does to what: the input as it is now, labels, precision and embedder."""
    path = Path(name)
    stamp = ""
    if path.exists():
        found = path.stat()
        stamp = f"{found.st_size}:{found.st_mtime_ns}"
    what = [name, stamp, config.label_set.version, config.triage.target_precision]
    what += [config.local.embedder, bulk.CHUNK]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def classify_file(
    settings: Settings, config: Config, name: str, out: Path, processes: int | None
) -> int:
    """Write a JSON line for each text to `out`; how many chunks an earlier run had done."""
    if name == "-":
        raise ConfigError("--out: needs a file to read, which can be read again to go on")
    cores = os.cpu_count() or 1
    count = processes or cores
    make = partial(make_answer, settings, config, max(1, cores // count))
    answers = partial(bulk.answered, make=make, processes=count)
    return bulk.write(texts(name), out, job_of(name, config), answers)
