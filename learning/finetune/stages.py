"""The state machine of a training job: pure functions from a job and an event to the next job."""

from dataclasses import dataclass
from enum import StrEnum

from learning.finetune.backend import Remote, UnavailableError
from storage.jobs import Job, Stage

_EVENTS = 5
_ENDED_WELL = "succeeded"
_ENDED_BADLY = frozenset({"failed", "cancelled"})


class Step(StrEnum):
    """The next action for a job."""

    UPLOAD = "upload"
    CREATE = "create"
    POLL = "poll"
    DEPLOY = "deploy"
    PROBE = "probe"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class PollPace:
    """The timing of a job's steps, in seconds.

    `first_s` and `longest_s` bound the wait between steps. A step that fails for longer than
    `patience_s` fails the job. A job older than `late_s` is reported as late.
    """

    first_s: float = 5.0
    longest_s: float = 300.0
    patience_s: float = 7 * 24 * 3600.0
    late_s: float = 24 * 3600.0


_STEPS = {
    Stage.REQUESTED: Step.UPLOAD,
    Stage.UPLOADED: Step.CREATE,
    Stage.TRAINING: Step.POLL,
    Stage.TRAINED: Step.DEPLOY,
    Stage.DEPLOYED: Step.PROBE,
}


def next_step(job: Job, now: float) -> Step | None:
    """Return the next step of a job, or None if it has ended or is not due."""
    if job.ended:
        return None
    waiting = job.due > now
    if job.cancelling:  # at once, unless an earlier attempt to cancel failed
        return None if waiting and job.problem else Step.CANCEL
    return None if waiting else _STEPS[job.stage]


def late(job: Job, pace: PollPace, now: float) -> bool:
    """Return True if a job takes so long that a person should look at it."""
    return not job.ended and now - job.created > pace.late_s


def _moved(job: Job, stage: Stage, now: float, **more: object) -> Job:
    ended = {"finished": now} if stage in (Stage.READY, Stage.FAILED, Stage.CANCELLED) else {}
    solved = {"problem": "", "problem_since": None, "tries": 0, "due": now}
    return job.model_copy(update=solved | ended | more | {"stage": stage})


def uploaded(job: Job, files: tuple[str, ...], now: float) -> Job:
    """Return the job after its files were uploaded."""
    return _moved(job, Stage.UPLOADED, now, files=files)


def created(job: Job, remote: str, wait_s: float, now: float) -> Job:
    """Return the job after the provider created it; the first poll is due in `wait_s` seconds."""
    return _moved(job, Stage.TRAINING, now, remote=remote, due=now + wait_s)


def polled(job: Job, remote: Remote, cost_usd: float | None, pace: PollPace, now: float) -> Job:
    """Return the job after a poll; an unknown status counts as training."""
    seen = job.model_copy(
        update={
            "status": remote.status,
            "events": remote.events[-_EVENTS:] or job.events,
            "trained_tokens": remote.trained_tokens or job.trained_tokens,
            "cost_usd": cost_usd if cost_usd is not None else job.cost_usd,
        }
    )
    if remote.status == _ENDED_WELL:
        return _moved(seen, Stage.TRAINED, now, tuned=remote.tuned)
    if remote.status in _ENDED_BADLY:
        stage = Stage.CANCELLED if remote.status == "cancelled" else Stage.FAILED
        return _moved(seen, stage, now, problem=remote.error)
    wait = min(pace.longest_s, max(pace.first_s, (now - job.created) / 20))
    return _moved(seen, Stage.TRAINING, now, due=now + wait)


def deployed(job: Job, serving: str, now: float) -> Job:
    """Return the job after the model was deployed as `serving`; it may not answer yet."""
    return _moved(job, Stage.DEPLOYED, now, serving=serving)


def probed(job: Job, model: str, now: float) -> Job:
    """Return the job after the model answered and was stored as challenger `model`."""
    return _moved(job, Stage.READY, now, model=model)


def cancelled(job: Job, now: float) -> Job:
    """Return the job after it was cancelled by an admin."""
    return _moved(job, Stage.CANCELLED, now)


def refused(job: Job, error: Exception, now: float) -> Job:
    """Return the failed job after a refusal by the provider, or with an unusable snapshot."""
    return _moved(job, Stage.FAILED, now, problem=str(error))


def troubled(job: Job, error: UnavailableError, pace: PollPace, now: float) -> Job:
    """Return the job after a failed step, due for a retry with exponential backoff.

    The job fails after `patience_s`, unless it is training at the provider: it costs money there.
    """
    since = now if job.problem_since is None else job.problem_since
    if now - since > pace.patience_s and job.stage is not Stage.TRAINING:
        return _moved(job, Stage.FAILED, now, problem=f"gave up after many attempts: {error}")
    wait = min(pace.longest_s, pace.first_s * 2.0 ** min(job.tries, 20))
    if error.wait_s is not None:
        wait = max(wait, min(error.wait_s, pace.longest_s))
    trouble = {
        "problem": str(error),
        "problem_since": since,
        "tries": job.tries + 1,
        "due": now + wait,
    }
    return job.model_copy(update=trouble)
