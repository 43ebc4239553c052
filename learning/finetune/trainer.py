"""Advances training jobs: reads a job, runs its next step and stores it, all under a lease."""

import time
from collections.abc import Callable, Mapping

from learning.finetune import stages
from learning.finetune.backend import Backend, RefusedError, UnavailableError
from learning.finetune.stages import PollPace, Step
from storage.examples.snapshots import Snapshot, SnapshotError, Snapshots
from storage.jobs import Job, Jobs, Lease, LeaseLostError
from storage.models import Models


class Trainer:
    """Advances jobs; several processes may, because each step runs under the job's lease."""

    def __init__(
        self,
        jobs: Jobs,
        snapshots: Snapshots,
        models: Models,
        backends: Mapping[str, Backend],
        pace: PollPace = PollPace(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.jobs = jobs
        self.snapshots = snapshots
        self.models = models
        self.backends = backends
        self.pace = pace
        self.clock = clock

    async def advance(self, job: Job) -> Job:
        """Run a job's next step if it is due and no other worker has its lease; return the job."""
        if stages.next_step(job, self.clock()) is None:
            return job
        async with self.jobs.lease(job.team, job.id) as lease:
            if lease is None:
                return job
            stored = await self.jobs.get(job.team, job.id)
            if stored is None:
                return job
            step = stages.next_step(stored, self.clock())
            if step is None:
                return stored
            return await self._recorded(stored, await self._attempt(stored, step), lease)

    async def _recorded(self, before: Job, after: Job, lease: Lease) -> Job:
        try:
            await self.jobs.put(after, lease)
        except LeaseLostError:
            # This process paused for longer than its lease, and another worker took the job over.
            stored = await self.jobs.get(before.team, before.id)
            if stored is not None and after.remote and stored.remote not in ("", after.remote):
                await self.backends[before.backend].cancel(after)  # both created a remote job
            return stored or before
        return after

    async def _attempt(self, job: Job, step: Step) -> Job:
        try:
            return await self._step(job, step)
        except UnavailableError as error:
            return stages.troubled(job, error, self.pace, self.clock())
        except (RefusedError, SnapshotError) as error:
            return stages.refused(job, error, self.clock())

    async def _step(self, job: Job, step: Step) -> Job:
        backend = self.backends[job.backend]
        if step is Step.CANCEL:
            await backend.cancel(job)
            return stages.cancelled(job, self.clock())
        if step is Step.CREATE:
            remote = await backend.create(job)
            wait_s = self.pace.first_s if backend.hosted else 0.0
            return stages.created(job, remote, wait_s, self.clock())
        if step is Step.DEPLOY:
            return stages.deployed(job, await backend.deploy(job), self.clock())
        snapshot = await self._snapshot(job)
        if step is Step.UPLOAD:
            return stages.uploaded(job, await backend.upload(job, snapshot), self.clock())
        if step is Step.POLL:
            seen = await backend.poll(job, snapshot)
            cost = None if seen.trained_tokens is None else backend.cost(seen.trained_tokens)
            return stages.polled(job, seen, cost, self.pace, self.clock())
        return await self._probe(backend, job, snapshot)

    async def _probe(self, backend: Backend, job: Job, snapshot: Snapshot) -> Job:
        await backend.probe(job, snapshot)
        model, file = await backend.challenger(job, snapshot)
        await self.models.add(job.team, model, file)
        return stages.probed(job, model.id, self.clock())

    async def _snapshot(self, job: Job) -> Snapshot:
        found = await self.snapshots.get(job.team, job.snapshot)
        if found is None:
            raise RefusedError(
                f"training set {job.snapshot} was deleted. Start again to make a new one."
            )
        return found
