"""A process that advances a job, and may kill itself before or after it stores a step."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from learning.finetune.errors import certificates
from learning.finetune.trainer import Trainer
from storage.examples.snapshots import Snapshots
from storage.jobs import Job, Jobs, Lease, Stage
from storage.models import Models
from storage.server.connection import connect
from tests.learning.finetune.world import QUICK, TEAM, backend_of
from tests.learning.finetuning_server import Dialect, FinetuningServer

LEASE_S = 0.3
certificates()  # loaded before the fork, not in each process


@dataclass(frozen=True)
class Death:
    """The moment at which a process kills itself: before or after it stores a stage."""

    when: Literal["before", "after"]
    stage: Stage


class DeadlyJobs(Jobs):
    """Kills its process at the moment of `death`."""

    death: Death | None = None

    def _meet(self, when: str, job: Job) -> None:
        if self.death is not None and (self.death.when, self.death.stage) == (when, job.stage):
            os.kill(os.getpid(), signal.SIGKILL)

    async def put(self, job: Job, lease: Lease) -> None:
        self._meet("before", job)
        await super().put(job, lease)
        self._meet("after", job)


async def _step(redis_url: str, server: FinetuningServer, job: str, death: Death | None) -> None:
    async with connect(redis_url, Path("/nonexistent")) as redis:
        jobs = DeadlyJobs(redis, LEASE_S)
        jobs.death = death
        backend = backend_of(server)
        backends = {backend.name: backend}
        trainer = Trainer(jobs, Snapshots(redis), Models(redis), backends, QUICK)
        found = await jobs.get(TEAM, job)
        assert found is not None
        while not found.ended:
            found = await trainer.advance(found)
            await asyncio.sleep(0.005)


def work(redis_url: str, url: str, dialect: Dialect, job: str, death: Death | None) -> None:
    """Advance a job until it has ended, or until this process kills itself."""
    asyncio.run(_step(redis_url, FinetuningServer(url, dialect), job, death))
