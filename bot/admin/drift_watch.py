"""Drift detection on windows of answers and judgements; tells admins of each change once."""

from dataclasses import dataclass

import structlog

from bot.config.config import Config
from bot.slack.directory import Directory
from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from bot.slack.people import People
from bot.slack.text.render import inline, sentence
from bot.tasks import each
from learning.feedback.drift import Drift, level, of_answers, of_judgements
from storage.series import Name, Series, answers_of

log = structlog.get_logger()


@dataclass(frozen=True)
class DriftWatch:
    """Compares each full window of values with the values before it.

    A claim in Redis lets only one process compare a window.
    """

    config: Config
    series: Series
    directory: Directory
    people: People
    gateway: Gateway

    async def look(self) -> None:
        """Compare each window that filled since the last call, and report changes to admins."""
        windows: tuple[tuple[Name, int], ...] = (
            ("answers", self.config.drift.window),
            ("judgements", self.config.drift.judged_window),
        )
        await each(windows, self._look)

    async def _look(self, window: tuple[Name, int]) -> None:
        name, length = window
        progress, _ = await self.series.read(name)
        if progress.total - progress.checked >= length and await self.series.claim(name):
            await self._compare(name, length)

    async def _compare(self, name: Name, window: int) -> None:
        progress, values = await self.series.read(name)
        now = values[-window:]
        known = min(len(values), progress.total - progress.since) - window
        before = values[-window - known : -window] if known > 0 else []
        found: list[Drift] = []
        if len(now) == window and len(before) >= window:
            found = self._drifts(name, before, now)
        for drift in found:
            await self.series.alarm(drift.what, drift.message)
        if found:
            await self._tell(found)
        # The change is the new baseline: it is reported once, and the next is measured against it.
        await self.series.record_check(
            name, progress.total, progress.total - window if found else None
        )

    def _drifts(self, name: Name, before: list[str], now: list[str]) -> list[Drift]:
        chance = level(self.config.drift.false_alarms)
        if name == "judgements":
            return of_judgements(
                [value == "1" for value in before], [value == "1" for value in now], chance
            )
        labels = [[answer.label for answer in answers_of(part)] for part in (before, now)]
        return of_answers(labels[0], labels[1], chance)

    async def _tell(self, found: list[Drift]) -> None:
        lines = [f"• {inline(drift.what)}: {sentence(drift.message)}" for drift in found]
        text = "\n".join(["*Something has changed in the requests or my answers*", *lines, _ADVICE])
        channel = await self.directory.channel(self.config.triage.admin_channel)
        missed: list[GatewayUnavailableError] = []
        places = [channel] if channel else await self.people.admins()
        for place in places:
            try:
                await self.gateway.tell(place, text)
            except GatewayUnavailableError as error:
                missed.append(error)
            except GatewayError as error:
                log.warning("drift.not_told", problem=str(error))
        if missed and len(missed) == len(places):
            raise missed[0]  # no admin got the message: retry once the claim expires


_ADVICE = (
    "Look at `/triage accuracy` and the newest requests. If the labels still fit, keep correcting; "
    "if not, change them in triage.toml. I report each change once."
)
