"""Training plans and jobs as plain lines, the same in Slack and in a terminal."""

from collections.abc import Sequence
from typing import Any

from classifiers.plural import plural
from learning.finetune import stages
from learning.finetune.backend import Level
from learning.finetune.plan import TrainPlan
from learning.finetune.stages import PollPace
from storage.jobs import Job, Stage

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SIGNS = {Level.REFUSE: "Refused", Level.ADVISE: "Advised against", Level.NOTE: "Note"}
_DOING = {
    Stage.REQUESTED: "started",
    Stage.UPLOADED: "training file ready",
    Stage.TRAINING: "training",
    Stage.TRAINED: "trained",
    Stage.DEPLOYED: "waiting for its first answer",
    Stage.READY: "ready",
    Stage.FAILED: "failed",
    Stage.CANCELLED: "cancelled",
}


def price(usd: float | None) -> str:
    """Return an amount of US dollars in words: "free", "$1.20", "less than $0.01"."""
    if usd is None:
        return "price not known"
    return "free" if usd == 0 else f"${usd:,.2f}" if usd >= 0.01 else "less than $0.01"  # noqa: PLR2004 - a cent


def lasting(seconds: float) -> str:
    """Return a duration in the unit that fits: "90 s", "5 min", "3 h", "2 d"."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"


def plan_lines(plan: TrainPlan) -> list[str]:
    """Return the plan: examples, price, and reasons against it."""
    backend, frozen = plan.backend, plan.snapshot
    trained, held_out = plural(len(frozen.train), "example"), f"{len(frozen.test):,} held out"
    parts = f"{trained}, {held_out} for the comparison (training set {frozen.id})"
    lines = [f"Train {backend.name} from {backend.base_model}: {parts}"]
    if backend.hosted:
        tokens = plan.estimate.tokens
        setting = f"train.{backend.name}.training_price"
        known = plan.estimate.usd is not None
        how = f"{setting} changes the price" if known else f"set {setting}"
        lines.append(
            f"Cost: about {plural(tokens, 'token')} x {plural(plan.epochs, 'epoch')}: "
            f"{price(plan.estimate.usd)} ({how}). Redacted texts are sent to the provider"
        )
    lines += [f"{_SIGNS[finding.level]}: {finding.message}" for finding in plan.findings]
    return lines


def job_lines(job: Job, pace: PollPace, now: float) -> list[str]:
    """Return a job's stage, cost, problem and next step; `now` is in epoch seconds."""
    doing = _DOING[job.stage]
    if job.stage is Stage.TRAINING and job.status:
        doing = f"{doing}, provider status {job.status}"
    if job.cancelling and not job.ended:
        doing = f"{doing}; being cancelled"
    age = lasting((job.finished or now) - job.created)
    when = f"took {age}" if job.ended else f"started {age} ago"
    lines = [
        f"Training {job.backend}: {doing}",
        f"Job {job.id}: {plural(job.examples, 'example')}, from {job.base_model}, {when}",
    ]
    lines += _cost(job)
    lines += [f"- {event}" for event in job.events]
    if job.problem:
        label = "Reason" if job.ended else "Waiting"
        lines.append(f"{label}: {job.problem}")
    return lines + _advice(job, pace, now)


def _cost(job: Job) -> list[str]:
    if not job.estimated_tokens:
        return []
    tokens = f"{plural(job.estimated_tokens, 'token')} x {plural(job.epochs, 'epoch')}"
    line = f"Estimated: {tokens}, {price(job.estimated_usd)}"
    if job.trained_tokens is not None:
        line += f"; trained: {plural(job.trained_tokens, 'token')}, {price(job.cost_usd)}"
    return [line]


def _advice(job: Job, pace: PollPace, now: float) -> list[str]:
    if job.stage is Stage.READY:
        return [f"New model {job.model} is ready: compare and use it with promote {job.model}"]
    if job.stage in (Stage.FAILED, Stage.CANCELLED):
        return [f"Start again: train {job.backend}"]
    if stages.late(job, pace, now):
        took = lasting(now - job.created)
        next_step = f"look at the provider's console, or end it (cancel {job.id})"
        return [f"This has taken {took}, longer than expected, and is still watched: {next_step}"]
    return []


def job_rows(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Return the jobs as JSON types, for scripts."""
    return [job.model_dump(mode="json") for job in jobs]
