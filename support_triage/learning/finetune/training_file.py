"""The training file: chat lines whose prompt is the one asked at inference, named by content."""

import hashlib
from dataclasses import asdict, dataclass

from support_triage.learning import export
from support_triage.learning.dataset import Snapshot
from support_triage.storage.examples import StoredExample

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
    examples = (StoredExample.model_validate(asdict(one)) for one in snapshot.train)
    lines = export.lines(examples, "openai", snapshot.label_set)
    content = "".join(lines).encode(encoding)
    digest = hashlib.sha256(content).hexdigest()[:_NAME_DIGITS]
    return TrainingFile(f"support-triage-{digest}.jsonl", content)
