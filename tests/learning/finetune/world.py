"""A trainer on a real Valkey, backends of the fake provider, and the examples of a small team."""

import asyncio
from collections.abc import Callable
from typing import Any

from classifiers.base import Label, LabelSet
from learning.dataset.snapshot import freeze
from learning.finetune.account import Account
from learning.finetune.azure import AzureBackend, Principal
from learning.finetune.backend import Backend
from learning.finetune.nebius import NebiusBackend
from learning.finetune.openai import OpenAiBackend
from learning.finetune.stages import PollPace
from learning.finetune.trainer import Trainer
from storage.examples.examples import Examples, StoredExample
from storage.examples.snapshots import Snapshot, Snapshots
from storage.jobs import Job, Jobs
from storage.models import Models
from storage.server.protocol import Client
from storage.workspace.workspaces import Workspaces
from tests.learning.finetuning_server import (
    KEY,
    Dialect,
    FinetuningServer,
    azure_table,
    nebius_table,
    openai_table,
)

TEAM = "T1"
LABELS = LabelSet((Label("BILLING", "Money"), Label("TECHNICAL", "Errors")))
QUICK = PollPace(first_s=0.01, longest_s=0.03, patience_s=5.0, late_s=60.0)
_WORDS = ("refund", "invoice", "charge", "price", "crash", "error", "screen", "button", "login")


def _text(number: int) -> str:
    first, second, third = (_WORDS[number // step % 9] for step in (1, 9, 81))
    return f"{first} {second} {third}, write to jane@example.com"


def examples(number: int = 160, label_set: LabelSet = LABELS) -> list[StoredExample]:
    """Return `number` examples, evenly spread over the labels."""
    return [
        StoredExample(
            id=f"C1:{n}.0",
            text=_text(n),
            label=label_set.names[n % len(label_set.names)],
            source="correction",
            label_set=label_set.version,
            when=f"{n}.0",
        )
        for n in range(number)
    ]


def snapshot(number: int = 160, label_set: LabelSet = LABELS) -> Snapshot:
    """Return a snapshot of `examples`."""
    return freeze(examples(number, label_set), label_set, "1.0")


async def teach(redis: Client, team: str, label_set: LabelSet) -> None:
    """Store 160 of `examples` in a workspace."""
    await Workspaces(redis).add(team)
    for example in examples(160, label_set):
        await Examples(redis).put(team, example.id, example)


def backend_of(server: FinetuningServer, key: str = KEY, **more: Any) -> Backend:
    """Return the backend for a server's dialect."""
    makers: dict[Dialect, Callable[[], Backend]] = {
        "openai": lambda: OpenAiBackend(
            "openai",
            Account("OpenAI", "OPENAI_API_KEY", key, f"{server.url}/v1/"),
            openai_table(**more),
            "triage",
        ),
        "azure": lambda: AzureBackend(
            "azure",
            Account("Azure", "AZURE_OPENAI_API_KEY", key, f"{server.url}/openai/v1/"),
            azure_table(server, **more),
            "triage",
            Principal("t1", "c1", "principal-secret"),
        ),
        "nebius": lambda: NebiusBackend(
            "nebius",
            Account("Nebius", "NEBIUS_API_KEY", key, f"{server.url}/v1/"),
            nebius_table(server, **more),
            "triage",
        ),
    }
    return makers[server.dialect]()


def trainer_of(
    redis: Client, backend: Backend, pace: PollPace = QUICK, lease_s: float = 20.0
) -> Trainer:
    jobs = Jobs(redis, lease_s)
    return Trainer(jobs, Snapshots(redis), Models(redis), {backend.name: backend}, pace)


async def until(
    trainer: Trainer, job: Job, done: Callable[[Job], bool] = lambda job: job.ended
) -> Job:
    """Advance a job until `done` is true for it, by default until it has ended."""
    async with asyncio.timeout(15):
        while not done(job):
            job = await trainer.advance(job)
            await asyncio.sleep(0.002)
    return job
