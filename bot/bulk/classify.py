"""Files of any length: the local classifier in as many processes as are asked for."""

import asyncio
import hashlib
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.bulk.choose import Choice, Taught, take
from bot.bulk.engine import Crew
from bot.config.config import Config, ConfigError, Settings
from classifiers.base import Prediction
from classifiers.blueprint import Blueprint
from classifiers.factory import make_shared
from classifiers.local.recipe import Recipe
from classifiers.local.training_set import seeds
from classifiers.printable import json_line
from learning.bulk import chunks as bulk
from learning.bulk.file_out import FileOut, Out
from learning.bulk.parts_out import PartsOut
from learning.reading.bad_rows import Remarks
from learning.reading.opening import remote, stamp
from learning.reading.reader import texts
from learning.reading.source import Source


def blueprint_of(config: Config, taught: Taught) -> Blueprint:
    """Embed what is taught, once for all processes."""
    parts = make_shared(config.local.embedder, os.cpu_count() or 1)
    parts.index.put(seeds(config.label_set))
    parts.index.put(taught.examples)
    return Blueprint(
        config.label_set,
        config.triage.target_precision,
        config.local.embedder,
        parts.index.snapshot(),
        Recipe.from_bytes(taught.recipe) if taught.recipe else Recipe(),
        taught.outcomes,
    )


def rows_by(blueprint: Blueprint, threads: int) -> bulk.Answer[str]:
    """What answers a chunk with a JSON line for each text, in a process of its own."""
    classifier = blueprint.make(threads)

    def answer(chunk: bulk.Chunk) -> str:
        predictions = asyncio.run(classifier.classify(chunk))
        lines = [json_line(row(text, one)) for text, one in zip(chunk, predictions, strict=True)]
        return "\n".join(lines) + "\n"

    return answer


def job_of(source: Source, config: Config, choice: Choice) -> str:
    """What a run does to what: the input as it is now, settings, and who was to be asked."""
    what: list[object] = [source.name, stamp(source.name), source.columns.text, source.encoding]
    what += [config.label_set.version, config.triage.target_precision]
    what += [config.local.embedder, bulk.CHUNK, choice.team, choice.kind]
    what += [choice.examples, stamp(choice.examples or "")]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Done:
    """A run that is complete: by what it was taught, and chunks that an earlier run had done."""

    taught: Taught
    before: int


def classify_file(
    settings: Settings,
    config: Config,
    source: Source,
    out: str,
    choice: Choice,
    crew: Crew,
    remarks: Remarks | None = None,
) -> Done:
    """Write a JSON line for each text to `out`.

    A run that goes on is answered by what the one before was taught, whatever came since.
    """
    if source.name == "-":
        raise ConfigError("--out: needs a file to read, which can be read again to go on")
    job = job_of(source, config, choice)
    to: Out = PartsOut(out) if remote(out) else FileOut(Path(out))
    given = to.left(job)
    if given is None:
        taught = asyncio.run(take(settings, config, choice))
        to.begin(job, taught.model_dump_json().encode())
    else:
        taught = Taught.model_validate_json(given)
    make = partial(rows_by, blueprint_of(config, taught), crew.threads)
    before = bulk.write(texts(source, remarks), to, lambda todo: crew.answers(todo, make))
    return Done(taught, before)


def row(text: str, one: Prediction) -> dict[str, object]:
    """What `triage classify` writes of a text."""
    return {
        "text": text,
        "label": one.label,
        "confidence": round(one.confidence, 4),
        "alternatives": [
            {"label": score.label, "confidence": round(score.confidence, 4)}
            for score in one.alternatives
        ],
        "abstained": one.abstained,
        "reason": None if one.reason is None else one.reason.value,
        "classifier": one.classifier,
    }
