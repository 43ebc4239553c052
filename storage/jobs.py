"""Training jobs: one per snapshot, backend and base model, stepped by one process at a time."""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis.exceptions import LockError

from storage import keys
from storage.errors import StorageError
from storage.messages import Frozen
from storage.server.leases import renewing
from storage.server.protocol import Client
from storage.server.readable import read, read_all

_LEASE_S = 20.0
_ID_DIGITS = 10

_PUT_HELD = """
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


class Stage(StrEnum):
    """The stage of a job; the last three are final."""

    REQUESTED = "requested"
    UPLOADED = "uploaded"
    TRAINING = "training"
    TRAINED = "trained"
    DEPLOYED = "deployed"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDS = frozenset({Stage.READY, Stage.FAILED, Stage.CANCELLED})


class Job(Frozen):
    """A training job: its request, its stage and the provider's answers.

    `files` and `remote` are the provider's ids, `tuned` is its name for the trained model,
    `serving` the name to call the model by, and `model` our challenger. Times are Unix seconds,
    prices US dollars (None: unknown). `trigger` is the command in Slack that began the job.
    `problem` is the error that has blocked the next step since `problem_since`.
    """

    id: str
    team: str
    backend: str
    base_model: str
    snapshot: str
    label_set: str
    who: str
    created: float
    attempt: int = 1
    epochs: int = 3
    stage: Stage = Stage.REQUESTED
    status: str = ""
    files: tuple[str, ...] = ()
    remote: str = ""
    tuned: str = ""
    serving: str = ""
    model: str = ""
    examples: int = 0
    estimated_tokens: int = 0
    estimated_usd: float | None = None
    trained_tokens: int | None = None
    cost_usd: float | None = None
    events: tuple[str, ...] = ()
    problem: str = ""
    problem_since: float | None = None
    tries: int = 0
    due: float = 0.0
    finished: float | None = None
    trigger: str = ""
    cancelling: bool = False

    @property
    def ended(self) -> bool:
        """Return True if the job is in a final stage."""
        return self.stage in ENDS

    @property
    def tag(self) -> str:
        """Return the mark of the job and its model at the provider: id and attempt."""
        return f"{self.id}-{self.attempt}"


class Report(Frozen):
    """The message in Slack that reports a job's progress; `shows` is a digest of its content."""

    channel: str
    ts: str
    shows: str = ""


class LeaseLostError(Exception):
    """Another process holds the job's lease: this step is not recorded."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to step one job, proved by its token."""

    team: str
    job: str
    token: str


def job_id(team: str, snapshot: str, label_set: str, backend: str, base_model: str) -> str:
    """Return ten hex digits that identify a training; the same arguments give the same id."""
    content = json.dumps([team, snapshot, label_set, backend, base_model])
    return hashlib.sha256(content.encode()).hexdigest()[:_ID_DIGITS]


class Jobs:
    """The jobs of all workspaces; a lease expires `lease_s` seconds after its last renewal."""

    def __init__(self, redis: Client, lease_s: float = _LEASE_S) -> None:
        self._redis = redis
        self._lease_s = lease_s
        self._put_held = redis.register_script(_PUT_HELD)

    async def add(self, job: Job) -> Job:
        """Store a job unless its id is known; return the stored job."""
        key = keys.jobs(job.team)
        await self._redis.hsetnx(key, job.id, job.model_dump_json())
        stored = await self.get(job.team, job.id)
        assert stored is not None
        return stored

    async def get(self, team: str, identity: str) -> Job | None:
        """Return the job with this id, or None."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(keys.jobs(team), identity)
            pipe.sismember(keys.cancelled_jobs(team), identity)
            stored, cancelled = await pipe.execute()
        return None if stored is None else _read(stored, cancelling=bool(cancelled))

    async def all(self, team: str) -> list[Job]:
        """Return all jobs, newest first."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hvals(keys.jobs(team))
            pipe.smembers(keys.cancelled_jobs(team))
            stored, cancelled = await pipe.execute()
        jobs = read_all(Job, stored, "job")
        marked = [job.model_copy(update={"cancelling": job.id in cancelled}) for job in jobs]
        return sorted(marked, key=lambda job: (-job.created, job.id))

    async def cancel(self, team: str, identity: str) -> None:
        """Request that a job be cancelled; the process that steps it next cancels it."""
        await self._redis.sadd(keys.cancelled_jobs(team), identity)

    @asynccontextmanager
    async def lease(self, team: str, identity: str) -> AsyncIterator[Lease | None]:
        """Hold a job while stepping it; yield None if another process holds it."""
        key, token = keys.job_lease(team, identity), secrets.token_hex(8)
        lock = self._redis.lock(key, timeout=self._lease_s, thread_local=False)
        if not await lock.acquire(blocking=False, token=token):
            yield None
            return

        async def renew() -> None:
            with suppress(LockError):  # the lease is lost: `put` raises LeaseLostError
                await lock.reacquire()

        try:
            async with renewing(renew, self._lease_s / 3):
                yield Lease(team, identity, token)
        finally:
            with suppress(LockError, StorageError):  # lost already, or it expires
                await lock.release()

    async def put(self, job: Job, lease: Lease) -> None:
        """Store a job after a step; raise LeaseLostError if the lease has expired."""
        held = await self._put_held(
            keys=[keys.jobs(job.team), keys.job_lease(job.team, job.id)],
            args=[job.id, job.model_dump_json(), lease.token],
        )
        if not held:
            raise LeaseLostError(job.id)

    async def again(self, job: Job, lease: Lease) -> Job:
        """Restart a job that ended without a model, as its next attempt."""
        old = await self.get(job.team, job.id)
        attempt = 1 if old is None else old.attempt + 1
        new = job.model_copy(update={"attempt": attempt})
        await self.put(new, lease)
        await self._redis.srem(keys.cancelled_jobs(job.team), job.id)
        return new

    async def report(self, team: str, identity: str) -> Report | None:
        """Return the message in Slack that reports a job, or None."""
        stored = await self._redis.hget(keys.job_reports(team), identity)
        return None if stored is None else read(Report, stored, "report of a job")

    async def put_report(self, team: str, identity: str, report: Report) -> None:
        """Store the message in Slack that reports a job, and the digest of its content."""
        await self._redis.hset(keys.job_reports(team), identity, report.model_dump_json())


def _read(stored: str, **more: Any) -> Job:
    return Job.model_validate_json(stored).model_copy(update=more)
