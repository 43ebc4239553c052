"""Labels files of any length with the local classifier, in several processes."""

import asyncio
import hashlib
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.bulk.choose import Choice, Taught, load_taught
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
    """Embed the training data, once for all processes."""
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
    """Return a function that labels a chunk as JSON lines; it runs in a worker process."""
    classifier = blueprint.make(threads)

    def answer(chunk: bulk.Chunk) -> str:
        predictions = asyncio.run(classifier.classify(chunk))
        pairs = zip(chunk, predictions, strict=True)
        lines = [json_line(row(text, prediction)) for text, prediction in pairs]
        return "\n".join(lines) + "\n"

    return answer


def job_of(source: Source, config: Config, choice: Choice) -> str:
    """Return a hash of the input file, settings and choice: a run resumes only the same job."""
    facts: list[object] = [source.name, stamp(source.name), source.columns.text, source.encoding]
    facts += [config.label_set.version, config.triage.target_precision]
    facts += [config.local.embedder, bulk.CHUNK, choice.team, choice.kind]
    facts += [choice.examples, stamp(choice.examples or "")]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Done:
    """A complete run: its training data, and the number of chunks from an earlier run."""

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

    A resumed run uses the training data of the earlier run, even if examples were added since.
    """
    if source.name == "-":
        raise ConfigError("--out: name a file instead of -, because resuming reads it again")
    job = job_of(source, config, choice)
    output: Out = PartsOut(out) if remote(out) else FileOut(Path(out))
    kept = output.resume(job)
    if kept is None:
        taught = asyncio.run(load_taught(settings, config, choice))
        output.begin(job, taught.model_dump_json().encode())
    else:
        taught = Taught.model_validate_json(kept)
    make = partial(rows_by, blueprint_of(config, taught), crew.threads)
    before = bulk.write(texts(source, remarks), output, lambda todo: crew.answers(todo, make))
    return Done(taught, before)


def row(text: str, prediction: Prediction) -> dict[str, object]:
    """Return a text's prediction as `triage classify` writes it."""
    return {
        "text": text,
        "label": prediction.label,
        "confidence": round(prediction.confidence, 4),
        "alternatives": [
            {"label": score.label, "confidence": round(score.confidence, 4)}
            for score in prediction.alternatives
        ],
        "abstained": prediction.abstained,
        "reason": None if prediction.reason is None else prediction.reason.value,
        "classifier": prediction.classifier,
    }
