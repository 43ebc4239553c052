"""The training file: chat lines whose prompt is the one asked at inference, named by content."""

import hashlib
import tempfile
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path

from learning.export.openai_file import ChatLines
from learning.export.openai_rules import problems
from storage.examples.snapshots import Snapshot

_NAME_DIGITS = 20


@dataclass(frozen=True, slots=True)
class TrainingFile:
    """A file as it is uploaded; the same content always has the same name."""

    name: str
    content: bytes


def training_file(snapshot: Snapshot, encoding: str) -> TrainingFile:
    """The train part as chat JSONL; `encoding` is `utf-8`, or `utf-8-sig` with a byte-order mark.

    The test part stays at home: it is what a model is judged on.
    """
    lines = ChatLines(snapshot.label_set)
    start = BOM_UTF8 if encoding == "utf-8-sig" else b""
    content = start + b"".join(lines.line(one.text, one.label) for one in snapshot.train)
    digest = hashlib.sha256(content).hexdigest()[:_NAME_DIGITS]
    return TrainingFile(f"support-triage-{digest}.jsonl", content)


def refusals(snapshot: Snapshot) -> list[str]:
    """What a provider would refuse the training file for; nothing where it is right."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(training_file(snapshot, "utf-8").content)
        file.flush()
        return problems(Path(file.name))
