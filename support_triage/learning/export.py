"""Examples out of the house: OpenAI chat JSONL, plain JSONL, CSV."""

import csv
import io
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support_triage.classifiers import prompt
from support_triage.classifiers.base import LabelSet
from support_triage.classifiers.redaction import redact
from support_triage.learning.dataset import DatasetError
from support_triage.storage.examples import StoredExample

FORMATS = ("openai", "jsonl", "csv")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_SUFFIX = {"openai": "jsonl", "jsonl": "jsonl", "csv": "csv"}


@dataclass(frozen=True, slots=True)
class Exported:
    """A rendered export: file name, content, and the summary to print."""

    name: str
    content: str
    summary: str


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula; `uncell` takes the mark off again."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def uncell(text: str) -> str:
    """What a cell of an export said before it was made safe."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _csv_line(values: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


def lines(examples: Iterable[StoredExample], kind: str, label_set: LabelSet) -> Iterator[str]:
    """The lines of an export, each with its line end, one example at a time."""
    if kind == "csv":
        yield _csv_line(("text", "label", "source", "when"))
    for one in examples:
        text = redact(one.text).text
        if kind == "openai":
            turns = [
                *prompt.messages(label_set, (), text),
                {"role": "assistant", "content": prompt.answer(one.label)},
            ]
            yield json.dumps({"messages": turns}, ensure_ascii=False) + "\n"
        elif kind == "jsonl":
            row = {"text": text, "label": one.label, "source": one.source, "when": one.when}
            yield json.dumps(row, ensure_ascii=False) + "\n"
        else:
            yield _csv_line((_cell(text), _cell(one.label), one.source, one.when))


def _split(
    examples: Sequence[StoredExample], label_set: LabelSet
) -> tuple[list[StoredExample], Counter[str]]:
    """Examples whose label still exists, and the others counted by their label."""
    kept = [one for one in examples if one.label in label_set.names]
    return kept, Counter(one.label for one in examples if one.label not in label_set.names)


def summary(name: str, examples: Sequence[StoredExample], label_set: LabelSet, kind: str) -> str:
    """What was written, per label, and what was left out and why."""
    kept, left_out = _split(examples, label_set)
    counts = Counter(one.label for one in kept)
    first = "Training file created" if kind == "openai" else "File created"
    rows = [f"{first}: {name}", f"Total examples: {len(kept)}"]
    rows += [f"  {label}: {counts[label]}" for label in label_set.names]
    rows += [f"Left out, no label now: {label}: {n}" for label, n in sorted(left_out.items())]
    return "\n".join(rows)


def render(examples: Sequence[StoredExample], kind: str, label_set: LabelSet) -> Exported:
    """An export in memory, examples in the order of their ids."""
    ordered = sorted(examples, key=lambda one: one.id)
    name = f"support-triage-{kind}.{_SUFFIX[kind]}"
    kept, _ = _split(ordered, label_set)
    content = "".join(lines(kept, kind, label_set))
    return Exported(name, content, summary(name, ordered, label_set, kind))


def write(examples: Sequence[StoredExample], kind: str, label_set: LabelSet, path: Path) -> str:
    """Write an export; cut off anywhere it leaves no half file. The summary to print."""
    ordered = sorted(examples, key=lambda one: one.id)
    kept, _ = _split(ordered, label_set)
    try:
        handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise DatasetError(f"{path}: cannot be written there: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines(kept, kind, label_set))
        Path(half).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(half).unlink()
        raise
    return summary(str(path), ordered, label_set, kind)
