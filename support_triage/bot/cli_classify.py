"""Verbs of the command line on texts alone: classify and evaluate."""

import json
from collections.abc import Sequence

from rich.console import Console

from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.crew import Crew
from support_triage.bot.prediction_row import row
from support_triage.bot.taught import Choice
from support_triage.classifiers.base import Classifier
from support_triage.classifiers.factory import KINDS
from support_triage.learning import reading
from support_triage.learning.bulk import chunks
from support_triage.learning.bulk_file import texts

err = Console(stderr=True)
_BATCH = 64


async def _write(classifier: Classifier, texts: Sequence[str]) -> None:
    for text, one in zip(texts, await classifier.classify(texts), strict=True):
        print(json.dumps(row(text, one), ensure_ascii=False))  # noqa: T201 - the output


async def classify(settings: Settings, config: Config, name: str, choice: Choice) -> None:
    """Print a JSON line for each text, in batches as they come."""
    from support_triage.bot.in_use import in_use

    async with in_use(settings, config, choice) as classifier:
        for batch in chunks(texts(name), _BATCH):
            await _write(classifier, batch)


def classify_to(
    settings: Settings, config: Config, name: str, out: str, choice: Choice, crew: Crew
) -> None:
    """Write a JSON line for each text to `out`, and say who answered."""
    from support_triage.bot.bulk import classify_file

    done = classify_file(settings, config, name, out, choice, crew)
    goes_on = f"; {done.before} chunks were there already" if done.before else ""
    err.print(f"{out} is complete{goes_on}", markup=False, highlight=False)
    taught = done.taught
    err.print(f"Taught by {taught.source}: {len(taught.examples)} examples", markup=False)


def evaluate(
    settings: Settings, train: str, test: str, kind: str, crew: Crew, *, as_json: bool
) -> None:
    """Print the figures of a classifier trained on one file and tested on another."""
    from support_triage.bot.evaluating import evaluate as measure

    if kind not in KINDS:
        raise ConfigError(f'--classifier: "{kind}" is none of {", ".join(KINDS)}')
    taught = list(reading.read(train))
    found = measure(settings, taught, reading.read(test), kind, crew)
    figures = {
        "classifier": found.version,
        "train_examples": len(taught),
        "train_s": round(found.train_s, 3),
        **found.evaluation.as_dict(),
    }
    if as_json:
        print(json.dumps(figures))  # noqa: T201 - for scripts, exactly as it is
    else:
        Console().print_json(data=figures)
