"""Stores examples and exports them, for tests."""

import json
from collections.abc import Iterable
from pathlib import Path

from bot.config.config import load_config
from learning.export.export import Exported, export, writer
from learning.export.rows import Row
from storage.examples.examples import Examples, StoredExample
from storage.server.protocol import Client

LABELS = load_config(Path("triage.toml")).label_set


def example(text: str, label: str = "BILLING", when: str = "1.5", number: int = 0) -> StoredExample:
    return StoredExample(
        id=f"C:{number}",
        text=text,
        label=label,
        source="correction",
        label_set=LABELS.version,
        when=when,
        author="U1",
    )


async def stood(redis: Client, examples: Iterable[StoredExample]) -> Examples:
    store = Examples(redis)
    await store.put_all("T", [(example.id, example, ()) for example in examples])
    return store


async def exported(
    redis: Client, examples: Iterable[StoredExample], kind: str, path: Path, since: float = 0
) -> Exported:
    return await export(await stood(redis, examples), "T", kind, LABELS, path, since)


def written(kind: str, path: Path, texts: Iterable[tuple[str, str]]) -> None:
    """Write pairs of text and label in a format, without a store."""
    to = writer(kind, LABELS, path)
    to.add([Row(text, label, "import", LABELS.version, "1.5") for text, label in texts])
    to.finish()
    to.close()


def chats(path: Path) -> list[list[dict[str, str]]]:
    """Return the chats of a training file."""
    return [json.loads(line)["messages"] for line in path.read_text().split("\n") if line]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
