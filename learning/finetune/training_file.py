"""Makes the training file: chats with the prompt that is used at inference, named by content."""

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
    """A file to upload; its name is a hash of its content."""

    name: str
    content: bytes


def training_file(snapshot: Snapshot, encoding: str) -> TrainingFile:
    """Return the train part as chat JSONL; `utf-8-sig` as `encoding` adds a byte-order mark.

    The test part is never uploaded: models are judged on it.
    """
    lines = ChatLines(snapshot.label_set)
    start = BOM_UTF8 if encoding == "utf-8-sig" else b""
    content = start + b"".join(
        lines.line(example.text, example.label) for example in snapshot.train
    )
    digest = hashlib.sha256(content).hexdigest()[:_NAME_DIGITS]
    return TrainingFile(f"support-triage-{digest}.jsonl", content)


def refusals(snapshot: Snapshot) -> list[str]:
    """Return the reasons for which a provider would refuse the training file."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(training_file(snapshot, "utf-8").content)
        file.flush()
        return problems(Path(file.name))
