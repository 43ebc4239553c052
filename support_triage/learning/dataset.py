"""Examples out of the house and back in: OpenAI chat JSONL, plain JSONL, CSV."""

import csv
import hashlib
import io
import json
import os
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_triage.classifiers import prompt
from support_triage.classifiers.base import LabelSet
from support_triage.classifiers.redaction import redact
from support_triage.storage.examples import StoredExample

FORMATS = ("openai", "jsonl", "csv")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_SUFFIX = {"openai": "jsonl", "jsonl": "jsonl", "csv": "csv"}


class DatasetError(Exception):
    """A file cannot be read or written: the message says which, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A rendered export: file name, content, and the summary to print."""

    name: str
    content: str
    summary: str


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula; `_uncell` takes the mark off again."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _uncell(text: str) -> str:
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


def identity(text: str) -> str:
    """The id of an imported text: the same text, however spaced or cased, is one example."""
    normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return f"import:{hashlib.sha256(normal.encode()).hexdigest()[:24]}"


def _row(fields: dict[str, object], where: str) -> tuple[str, str]:
    if "messages" in fields:
        return _chat(fields["messages"], where)
    text, label = fields.get("text"), fields.get("label")
    if not isinstance(text, str) or not text.strip() or not isinstance(label, str) or not label:
        raise DatasetError(f'{where}: needs "text" and "label", both not empty')
    return text, label


def _chat(turns: Any, where: str) -> tuple[str, str]:
    try:
        question, reply = turns[-2], turns[-1]
        text = question["content"].removeprefix("<message>\n").removesuffix("\n</message>")
        return str(text), str(json.loads(reply["content"])["label"])
    except (TypeError, KeyError, ValueError, AttributeError, IndexError):
        raise DatasetError(f"{where}: not a chat of ours: a user turn, then an answer") from None


def read(path: Path) -> Iterator[tuple[str, str]]:
    """(text, label) of each row of a CSV or JSONL file; DatasetError names the line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                for number, row in enumerate(csv.DictReader(file), start=2):
                    text, label = _row(dict(row), f"{path}, line {number}")
                    yield _uncell(text), _uncell(label)
            else:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield _row(
                            _object(line, f"{path}, line {number}"), f"{path}, line {number}"
                        )
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read as UTF-8 text: {error}") from None


def _object(line: str, where: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise DatasetError(f"{where}: not JSON: {error.msg}") from None
    if not isinstance(found, dict):
        raise DatasetError(f'{where}: not an object with "text" and "label"')
    return found
