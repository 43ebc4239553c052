"""Verbs of the command line on texts alone: classify and evaluate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.crew import Crew
from support_triage.bot.prediction_row import row
from support_triage.bot.taught import Choice
from support_triage.bot.terminal import err, out, print_json
from support_triage.classifiers.base import Classifier
from support_triage.classifiers.factory import KINDS
from support_triage.learning import reading
from support_triage.learning.bad_rows import RefuseFirst, SkipBad, Taking, refusal
from support_triage.learning.bulk import chunks
from support_triage.learning.dataset import DatasetError
from support_triage.learning.label_names import LabelNames
from support_triage.learning.reading import Labelled
from support_triage.learning.source import Source
from support_triage.plural import plural

_BATCH = 64


async def _write(classifier: Classifier, texts: Sequence[str]) -> None:
    for text, one in zip(texts, await classifier.classify(texts), strict=True):
        print_json(row(text, one))


async def classify(
    settings: Settings,
    config: Config,
    source: Source,
    choice: Choice,
    remarks: Taking | None = None,
) -> None:
    """Print a JSON line for each text, in batches as they come."""
    from support_triage.bot.in_use import in_use

    async with in_use(settings, config, choice) as classifier:
        for batch in chunks(reading.texts(source, remarks), _BATCH):
            await _write(classifier, batch)
    _tell(remarks)


def classify_to(
    settings: Settings,
    config: Config,
    source: Source,
    out: str,
    choice: Choice,
    crew: Crew,
    remarks: Taking | None = None,
) -> None:
    """Write a JSON line for each text to `out`, and say who answered."""
    from support_triage.bot.bulk import classify_file

    done = classify_file(settings, config, source, out, choice, crew, remarks)
    goes_on = f"; {plural(done.before, 'chunk')} of an earlier run kept" if done.before else ""
    err.say(f"{out} is complete{goes_on}")
    taught = done.taught
    err.say(f"Learnt from {taught.source}: {plural(len(taught.examples), 'example')}")
    _tell(remarks)


def _tell(remarks: Taking | None) -> None:
    if isinstance(remarks, SkipBad) and remarks.count:
        err.say(f"Skipped bad rows: {remarks.count}")


def evaluate(
    settings: Settings,
    files: tuple[Source, Source],
    renamed: Mapping[str, str],
    remarks: Taking,
    kind: str,
    crew: Crew,
    *,
    as_json: bool,
) -> None:
    """Print the figures of a classifier trained on one file and tested on another."""
    from support_triage.bot.evaluating import evaluate as measure

    if kind not in KINDS:
        raise ConfigError(f'--classifier: "{kind}" is none of {", ".join(KINDS)}')
    train, test = files
    taught = list(_named(reading.read(train, remarks), renamed))
    if lines := refusal(remarks):
        raise DatasetError("\n".join([f"{train.name} was not used:", *lines]))
    names = {one.label: one.label for one in taught}
    tested = _named(reading.read(test, _each(remarks)), names | dict(renamed))
    found = measure(settings, taught, tested, kind, crew)
    figures = {
        "classifier": found.version,
        "train_examples": len(taught),
        "train_s": round(found.train_s, 3),
        **found.evaluation.as_dict(),
    }
    _tell(remarks)
    if as_json:
        print_json(figures)
    else:
        out.print_json(data=figures)


def _each(remarks: Taking) -> Taking:
    """Return what refuses the first bad row of a file that is used while it is read."""
    return remarks if isinstance(remarks, SkipBad) else RefuseFirst(remarks.tell)


def _named(rows: Iterator[Labelled], renamed: Mapping[str, str]) -> Iterator[Labelled]:
    """Yield rows whose labels are written as those before them, whatever their case."""
    names = LabelNames((), renamed)
    for one in rows:
        label = names.ours(one.label)
        if label is None:
            label = names.add(one.label)
        yield replace(one, label=label)
