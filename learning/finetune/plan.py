"""Plans a training job with its findings and price, and starts it or finds the existing job."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from learning.finetune import preflight
from learning.finetune.backend import (
    Backend,
    Level,
    PreflightFinding,
    RefusedError,
    TrainingEstimate,
)
from learning.finetune.trainer import Trainer
from storage.examples.snapshots import Snapshot, SnapshotError
from storage.jobs import Job, Stage, job_id


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """A job to start; `existing` is the existing job for the same training, if any."""

    backend: Backend
    snapshot: Snapshot
    epochs: int
    findings: tuple[PreflightFinding, ...]
    estimate: TrainingEstimate
    existing: Job | None = None

    @property
    def refused(self) -> bool:
        """Return True if a finding forbids the job."""
        return any(finding.level is Level.REFUSE for finding in self.findings)

    @property
    def advised_against(self) -> bool:
        """Return True if the job starts only with `anyway`."""
        return any(finding.level is Level.ADVISE for finding in self.findings)

    @property
    def known(self) -> bool:
        """Return True if the existing job is running or has a model: no new job would start."""
        stages = (Stage.FAILED, Stage.CANCELLED)
        return self.existing is not None and self.existing.stage not in stages


async def plan(
    trainer: Trainer, team: str, backend: Backend, snapshot: Snapshot, epochs: int
) -> TrainPlan:
    """Return the plan of a job; nothing is stored or sent."""
    identity = job_id(
        team, snapshot.id, snapshot.label_set.version, backend.name, backend.base_model
    )
    existing = await trainer.jobs.get(team, identity)
    findings = preflight.examine(snapshot, hosted=backend.hosted, longest=backend.longest)
    if not any(finding.level is Level.REFUSE for finding in findings):
        findings += await backend.check(snapshot)
    estimate = backend.estimate(snapshot, epochs)
    return TrainPlan(backend, snapshot, epochs, tuple(findings), estimate, existing)


class Confirmation(StrEnum):
    """A confirmation that a person gives before a job starts."""

    ANYWAY = "anyway"  # despite findings against it
    CONFIRM = "confirm"  # it costs money and sends texts to a provider


def missing_confirmations(
    plan: TrainPlan, given: Collection[Confirmation]
) -> tuple[Confirmation, ...]:
    """Return the confirmations that are still missing; none if the job exists already."""
    if plan.known:
        return ()
    needed = [Confirmation.ANYWAY] if plan.advised_against else []
    needed += [Confirmation.CONFIRM] if plan.backend.hosted else []
    return tuple(word for word in needed if word not in given)


async def started_by(trainer: Trainer, team: str, trigger: str) -> Job | None:
    """Return the job that a Slack command started before it was interrupted, or None."""
    started = (job for job in await trainer.jobs.all(team) if trigger and job.trigger == trigger)
    return next(started, None)


async def begin(trainer: Trainer, team: str, plan: TrainPlan, who: str, trigger: str = "") -> Job:
    """Start the job of a plan, or return the existing job; RefusedError if a finding forbids it.

    A failed or cancelled job starts again as its next attempt.
    """
    if plan.known:
        assert plan.existing is not None
        return plan.existing
    if plan.refused:
        raise RefusedError("; ".join(finding.message for finding in plan.findings))
    try:
        await trainer.snapshots.add(team, plan.snapshot)
    except SnapshotError as error:
        raise RefusedError(str(error)) from None
    job = _job(team, plan, who, datetime.now(UTC).timestamp())
    job = job.model_copy(update={"trigger": trigger})
    if plan.existing is None:
        return await trainer.jobs.add(job)
    async with trainer.jobs.lease(team, job.id) as lease:
        if lease is None:  # another worker is starting it
            return plan.existing
        return await trainer.jobs.again(job, lease)


def _job(team: str, plan: TrainPlan, who: str, now: float) -> Job:
    snapshot, backend = plan.snapshot, plan.backend
    version = snapshot.label_set.version
    return Job(
        id=job_id(team, snapshot.id, version, backend.name, backend.base_model),
        team=team,
        backend=backend.name,
        base_model=backend.base_model,
        snapshot=snapshot.id,
        label_set=version,
        who=who,
        created=now,
        epochs=plan.epochs,
        examples=len(snapshot.train),
        estimated_tokens=plan.estimate.tokens,
        estimated_usd=plan.estimate.usd,
    )


async def cancel(trainer: Trainer, team: str, name: str) -> Job:
    """Request the cancellation of the job whose id begins with `name`.

    Raise RefusedError if there is not exactly one, or if it has ended.
    """
    found = [job for job in await trainer.jobs.all(team) if name and job.id.startswith(name)]
    if len(found) != 1:
        raise RefusedError(f"there is no job {name[:40]}. `jobs` lists the jobs")
    [job] = found
    if job.ended:
        raise RefusedError(f"job {job.id} has ended already ({job.stage})")
    await trainer.jobs.cancel(team, job.id)
    return job
