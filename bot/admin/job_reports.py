"""Training jobs in a running bot: brought on, and told of in Slack by one message each."""

import asyncio
import hashlib

import structlog

from bot.slack.card import Card
from bot.slack.errors import GatewayError
from bot.slack.gateway import Gateway
from bot.slack.text.render import SECTION, escaped, inline, mrkdwn
from learning.finetune.report import job_lines
from learning.finetune.stages import late
from learning.finetune.trainer import Trainer
from storage.jobs import Job, Report

_SLACK_USERS = ("U", "W")

log = structlog.get_logger()


def card(job: Job, channel: str, text: str) -> Card:
    """The message that tells of a job."""
    first, _, rest = text.partition("\n")
    title = f"*{inline(first)}*"
    section = mrkdwn(f"{title}\n{escaped(rest, SECTION - len(title) - 1)}")
    blocks = ({"type": "section", "text": section},)
    return Card(channel, blocks, inline(first), f"job:{job.id}")


class JobPoller:
    """Steps the jobs of one workspace. Any number of processes may: a lease keeps them apart."""

    def __init__(self, trainer: Trainer, gateway: Gateway, team: str) -> None:
        self._trainer = trainer
        self._gateway = gateway
        self._team = team

    async def turn(self) -> None:
        """Step every job that is due, and tell of what changed.

        Raises the failures of all jobs at the end, as an ExceptionGroup: none holds up another.
        """
        jobs = await self._trainer.jobs.all(self._team)
        ended = await asyncio.gather(*map(self._one, jobs), return_exceptions=True)
        errors = [one for one in ended if isinstance(one, BaseException)]
        if errors:
            raise BaseExceptionGroup("some jobs failed", errors)

    async def _one(self, job: Job) -> None:
        after = await self._trainer.advance(job)
        if after.stage is not job.stage:
            log.info("jobs.stepped", job=job.id, backend=job.backend, stage=after.stage)
        if after.who.startswith(_SLACK_USERS):
            try:
                await self._tell(after)
            except GatewayError as error:
                log.warning("jobs.not_told", job=job.id, error=str(error))

    async def _tell(self, job: Job) -> None:
        """Post the job's message, or change it where it shows something else than it should."""
        jobs = self._trainer.jobs
        report = await jobs.report(self._team, job.id)
        pace, now = self._trainer.pace, job.finished or self._trainer.clock()
        text = "\n".join(job_lines(job, pace, now))
        facts = job.model_dump_json(exclude={"due", "tries", "problem_since"})
        shows = hashlib.sha256(f"{facts} {late(job, pace, now)}".encode()).hexdigest()[:16]
        if report is not None and report.shows == shows:
            return
        async with jobs.lease(self._team, f"report:{job.id}") as lease:
            if lease is None:
                return
            if report is None or not report.ts:
                channel = await self._gateway.direct(job.who)
                await self._gateway.ready("chat.postMessage", channel, urgent=False)
                ts = await self._gateway.post(card(job, channel, text))
            else:
                channel, ts = report.channel, report.ts
                await self._gateway.update(card(job, channel, text), ts)
            await jobs.put_report(self._team, job.id, Report(channel=channel, ts=ts, shows=shows))
