"""Follow a training job on the terminal."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from bot.cli.terminal import out
from storage.jobs import Job, Stage

if TYPE_CHECKING:  # loads slowly
    from learning.finetune.trainer import Trainer

_POLL_S = 0.2


async def follow(trainer: "Trainer", job: Job, until: Collection[Stage] | None = None) -> Job:
    """Advance a job until it has ended or left these stages, and return it as it is then.

    Print what changes on the way, and at the end all that is known of the job.
    """
    from learning.finetune.report import job_lines

    shown: list[str] = []
    while True:
        lines = job_lines(job, trainer.pace, trainer.clock())
        if job.ended or (until is not None and job.stage not in until):
            out.say(*lines)
            return job
        if (news := [one for one in (lines[0], job.problem) if one]) != shown:
            out.say(*news)
            shown = news
        await trainer.advance(job)
        await asyncio.sleep(_POLL_S)
        job = await trainer.jobs.get(job.team, job.id) or job
