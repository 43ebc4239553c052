"""Processes are killed at every step of a job; it ends with one file, one job and one model."""

import asyncio
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from multiprocessing.context import ForkServerProcess

import pytest

from learning.finetune.plan import begin, plan
from learning.finetune.trainer import Trainer
from storage.jobs import Job, Stage
from storage.server.protocol import Client
from tests.learning.finetune import child
from tests.learning.finetune.child import Death
from tests.learning.finetune.world import LABELS, TEAM, backend_of, snapshot, trainer_of
from tests.learning.finetuning_server import Dialect, Fault, FinetuningServer, finetuning_server

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([child.__name__])
STAGES = (Stage.UPLOADED, Stage.TRAINING, Stage.TRAINED, Stage.DEPLOYED, Stage.READY)
DIALECTS: list[Dialect] = ["openai", "azure", "nebius"]
DEPLOYING: dict[Dialect, list[str]] = {
    "openai": [],
    "azure": ["PUT deployment"],
    "nebius": ["POST adapters"],
}


class Processes:
    """Child processes that advance a job."""

    def __init__(self, redis_url: str, server: FinetuningServer, job: Job) -> None:
        self.redis_url = redis_url
        self.server = server
        self.job = job
        self.all: list[ForkServerProcess] = []

    def start(self, death: Death | None = None) -> ForkServerProcess:
        arguments = (self.redis_url, self.server.url, self.server.dialect, self.job.id, death)
        process = FORKS.Process(target=child.work, args=arguments)
        process.start()
        self.all.append(process)
        return process

    async def run(self, death: Death | None = None) -> int | None:
        """Run a child to its end; return its exit code."""
        process = self.start(death)
        await asyncio.to_thread(process.join, 30)
        return process.exitcode

    async def killed_at(self, fault: Fault) -> None:
        """Start a child, and kill it as soon as one of its requests meets the fault."""
        process = self.start()
        await asyncio.wait_for(fault.arrived.wait(), 30)
        process.kill()
        await asyncio.to_thread(process.join, 30)


@asynccontextmanager
async def processes(
    redis: Client, redis_url: str, dialect: Dialect
) -> AsyncIterator[tuple[Trainer, Processes]]:
    async with finetuning_server(dialect) as server:
        server.script = deque()
        backend = backend_of(server)
        trainer = trainer_of(redis, backend)
        shot = snapshot()
        job = await begin(trainer, TEAM, await plan(trainer, TEAM, backend, shot, 3), "U1")
        found = Processes(redis_url, server, job)
        try:
            yield trainer, found
        finally:
            for process in found.all:
                with suppress(ProcessLookupError):
                    process.kill()
                process.join(5)


async def ended_once(trainer: Trainer, server: FinetuningServer) -> Job:
    [job] = await trainer.jobs.all(TEAM)
    assert (job.stage, job.problem) == (Stage.READY, "")
    [model] = await trainer.models.challengers(TEAM, LABELS.version)
    assert model.id == job.model
    assert len(server.files) == 1
    alive = [row["id"] for row in server.jobs if row["status"] != "cancelled"]
    assert alive == [job.remote]
    assert len(server.deployments) == len(DEPLOYING[server.dialect])
    return job


async def test_killed_around_each_record(redis: Client, valkey_url: str) -> None:
    async with processes(redis, valkey_url, "openai") as (trainer, children):
        for stage in STAGES:
            assert await children.run(Death("before", stage)) == -signal.SIGKILL
            assert await children.run(Death("after", stage)) == -signal.SIGKILL
        await ended_once(trainer, children.server)
        assert len(children.server.jobs) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_killed_in_each_request(redis: Client, valkey_url: str, dialect: Dialect) -> None:
    everywhere = ["POST files", "POST jobs", "GET job", "POST chat"]
    routes = DEPLOYING[dialect] or everywhere
    async with processes(redis, valkey_url, dialect) as (trainer, children):
        for route in routes:
            for done in (False, True):
                fault = Fault(done=done, hang=True)
                children.server.fail(route, fault)
                await children.killed_at(fault)
        assert await children.run() == 0
        await ended_once(trainer, children.server)
        assert len(children.server.jobs) == 1


async def test_many_processes_make_one_job(redis: Client, valkey_url: str) -> None:
    async with processes(redis, valkey_url, "openai") as (trainer, children):
        codes = await asyncio.gather(*(children.run() for _ in range(4)))
        assert set(codes) == {0}
        await ended_once(trainer, children.server)
        assert len(children.server.jobs) == 1


async def test_a_process_that_lost_its_lease_cancels_its_duplicate_job(
    redis: Client, valkey_url: str
) -> None:
    async with processes(redis, valkey_url, "openai") as (trainer, children):
        fault = Fault(hang=True)
        children.server.fail("GET file", fault)  # has looked for the job, has not created it
        sleeper = children.start()
        await asyncio.wait_for(fault.arrived.wait(), 30)
        assert sleeper.pid is not None
        os.kill(sleeper.pid, signal.SIGSTOP)
        assert await children.run() == 0
        os.kill(sleeper.pid, signal.SIGCONT)
        fault.go_on.set()
        await asyncio.to_thread(sleeper.join, 30)
        await ended_once(trainer, children.server)
        assert children.server.cancelled == ["ftjob-2"]
