"""From "train" to a job: look first, say what it costs, then begin it or find it again."""

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
    """What a job would be; `standing` is the one that there is for it already."""

    backend: Backend
    snapshot: Snapshot
    epochs: int
    findings: tuple[PreflightFinding, ...]
    estimate: TrainingEstimate
    standing: Job | None = None

    @property
    def refused(self) -> bool:
        """Whether it cannot be begun at all."""
        return any(one.level is Level.REFUSE for one in self.findings)

    @property
    def advised_against(self) -> bool:
        """Whether it is begun only by who insists."""
        return any(one.level is Level.ADVISE for one in self.findings)

    @property
    def known(self) -> bool:
        """Whether the job runs or has a model: nothing would be begun anew."""
        stages = (Stage.FAILED, Stage.CANCELLED)
        return self.standing is not None and self.standing.stage not in stages


async def plan(
    trainer: Trainer, team: str, backend: Backend, snapshot: Snapshot, epochs: int
) -> TrainPlan:
    """Everything to know before a job is begun; nothing is stored or sent."""
    identity = job_id(
        team, snapshot.id, snapshot.label_set.version, backend.name, backend.base_model
    )
    standing = await trainer.jobs.get(team, identity)
    findings = preflight.examine(snapshot, hosted=backend.hosted, longest=backend.longest)
    if not any(one.level is Level.REFUSE for one in findings):
        findings += await backend.check(snapshot)
    estimate = backend.estimate(snapshot, epochs)
    return TrainPlan(backend, snapshot, epochs, tuple(findings), estimate, standing)


class Word(StrEnum):
    """What has to be said before a job is begun."""

    ANYWAY = "anyway"  # something speaks against it
    CONFIRM = "confirm"  # it costs money, and texts leave the house


def wanting(what: TrainPlan, said: Collection[Word]) -> tuple[Word, ...]:
    """The words that are still to be said; none for a job that there is already."""
    if what.known:
        return ()
    needed = [Word.ANYWAY] if what.advised_against else []
    needed += [Word.CONFIRM] if what.backend.hosted else []
    return tuple(word for word in needed if word not in said)


async def begun_by(trainer: Trainer, team: str, trigger: str) -> Job | None:
    """Return the job that a command in Slack began before it was cut off; None for none."""
    found = (one for one in await trainer.jobs.all(team) if trigger and one.trigger == trigger)
    return next(found, None)


async def begin(trainer: Trainer, team: str, what: TrainPlan, who: str, trigger: str = "") -> Job:
    """The job of a plan, begun or found; RefusedError where the plan is refused.

    One that failed or was cancelled begins anew, as its next attempt.
    """
    if what.known:
        assert what.standing is not None
        return what.standing
    if what.refused:
        raise RefusedError("; ".join(one.message for one in what.findings))
    try:
        await trainer.snapshots.add(team, what.snapshot)
    except SnapshotError as error:
        raise RefusedError(str(error)) from None
    job = _job(team, what, who, datetime.now(UTC).timestamp())
    job = job.model_copy(update={"trigger": trigger})
    if what.standing is None:
        return await trainer.jobs.add(job)
    async with trainer.jobs.lease(team, job.id) as lease:
        if lease is None:  # begun anew by somebody else, this very moment
            return what.standing
        return await trainer.jobs.again(job, lease)


def _job(team: str, what: TrainPlan, who: str, now: float) -> Job:
    snapshot, backend = what.snapshot, what.backend
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
        epochs=what.epochs,
        examples=len(snapshot.train),
        estimated_tokens=what.estimate.tokens,
        estimated_usd=what.estimate.usd,
    )


async def cancel(trainer: Trainer, team: str, name: str) -> Job:
    """Ask for the end of a job, by its id or the beginning of it; RefusedError where it has one."""
    found = [one for one in await trainer.jobs.all(team) if name and one.id.startswith(name)]
    if len(found) != 1:
        raise RefusedError(f"there is no job {name[:40]}: `jobs` lists them")
    [job] = found
    if job.ended:
        raise RefusedError(f"job {job.id} has ended already: {job.stage}")
    await trainer.jobs.cancel(team, job.id)
    return job
