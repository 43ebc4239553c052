"""Advance a training job and print its progress."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from bot.cli.terminal import out
from storage.jobs import Job, Stage

if TYPE_CHECKING:  # slow to load
    from learning.finetune.trainer import Trainer

_POLL_S = 0.2


async def follow(trainer: "Trainer", job: Job, until: Collection[Stage] | None = None) -> Job:
    """Advance a job until it ends or leaves the stages of `until`, and return it.

    Print each change, and at the end the whole report of the job.
    """
    from learning.finetune.report import job_lines

    shown: list[str] = []
    while True:
        lines = job_lines(job, trainer.pace, trainer.clock())
        if job.ended or (until is not None and job.stage not in until):
            out.say(*lines)
            return job
        if (news := [line for line in (lines[0], job.problem) if line]) != shown:
            out.say(*news)
            shown = news
        await trainer.advance(job)
        await asyncio.sleep(_POLL_S)
        job = await trainer.jobs.get(job.team, job.id) or job
