"""The drift watch: windows of what was answered and judged, compared; admins are told once."""

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
    """Looks at a window whenever it has filled; of all processes, one does."""

    config: Config
    series: Series
    directory: Directory
    people: People
    gateway: Gateway

    async def look(self) -> None:
        """Compare what has filled since the last time, and tell of what has changed."""
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
        for one in found:
            await self.series.alarm(one.what, one.said)
        if found:
            await self._tell(found)
        # What changed is the new normal: it is told once, and the next change is seen against it.
        await self.series.looked(name, progress.total, progress.total - window if found else None)

    def _drifts(self, name: Name, before: list[str], now: list[str]) -> list[Drift]:
        chance = level(self.config.drift.false_alarms)
        if name == "judgements":
            return of_judgements(
                [one == "1" for one in before], [one == "1" for one in now], chance
            )
        labels = [[one.label for one in answers_of(side)] for side in (before, now)]
        return of_answers(labels[0], labels[1], chance)

    async def _tell(self, found: list[Drift]) -> None:
        lines = [f"• {inline(one.what)}: {sentence(one.said)}" for one in found]
        text = "\n".join(["*Something has changed in what I see*", *lines, _ADVICE])
        channel = await self.directory.channel(self.config.triage.admin_channel)
        missed: list[GatewayUnavailableError] = []
        places = [channel] if channel else await self.people.admins()
        for one in places:
            try:
                await self.gateway.tell(one, text)
            except GatewayUnavailableError as error:
                missed.append(error)
            except GatewayError as error:
                log.warning("drift.not_told", problem=str(error))
        if missed and len(missed) == len(places):
            raise missed[0]  # nobody knows yet: the next look, when the claim ends, tells again


_ADVICE = (
    "Look at `/triage accuracy` and the newest messages. If the labels still fit, correcting goes "
    "on as before; if not, change them in triage.toml. I say this once for each change."
)
