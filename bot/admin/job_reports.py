"""Advances training jobs in a running bot, and reports each in one Slack message."""

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
    """Return the Slack message that reports a job."""
    first, _, rest = text.partition("\n")
    title = f"*{inline(first)}*"
    section = mrkdwn(f"{title}\n{escaped(rest, SECTION - len(title) - 1)}")
    blocks = ({"type": "section", "text": section},)
    return Card(channel, blocks, inline(first), f"job:{job.id}")


class JobPoller:
    """Advances the jobs of one workspace, in any number of processes: a lease serializes them."""

    def __init__(self, trainer: Trainer, gateway: Gateway, team: str) -> None:
        self._trainer = trainer
        self._gateway = gateway
        self._team = team

    async def turn(self) -> None:
        """Advance every job that is due, and report changes in Slack.

        Raises an ExceptionGroup of all failures at the end, so one job does not block the others.
        """
        jobs = await self._trainer.jobs.all(self._team)
        results = await asyncio.gather(*map(self._advance, jobs), return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        if errors:
            raise BaseExceptionGroup("some jobs failed", errors)

    async def _advance(self, job: Job) -> None:
        after = await self._trainer.advance(job)
        if after.stage is not job.stage:
            log.info("jobs.stepped", job=job.id, backend=job.backend, stage=after.stage)
        if after.who.startswith(_SLACK_USERS):
            try:
                await self._report(after)
            except GatewayError as error:
                log.warning("jobs.not_told", job=job.id, error=str(error))

    async def _report(self, job: Job) -> None:
        """Post the job's message, or update it if its content is outdated."""
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
