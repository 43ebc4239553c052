"""The drift watch: windows of what was answered and judged, compared; admins are told once."""

from dataclasses import dataclass

import structlog

from support_triage.bot.config import Config
from support_triage.bot.directory import Directory
from support_triage.bot.gateway import Gateway, GatewayError
from support_triage.bot.polling import poll
from support_triage.bot.slack_text import inline, sentence
from support_triage.learning.drift import Drift, level, of_answers, of_judgements
from support_triage.storage.series import Answer, Name, Series

_POLL_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True)
class DriftWatch:
    """Looks at a window whenever it has filled; of all processes, one does."""

    config: Config
    series: Series
    directory: Directory
    gateway: Gateway

    async def follow(self) -> None:
        """Look every few seconds, until cancelled."""
        await poll(self.look, _POLL_S, "drift.waits")

    async def look(self) -> None:
        """Compare what has filled since the last time, and tell of what has changed."""
        windows: tuple[tuple[Name, int], ...] = (
            ("answers", self.config.drift.window),
            ("judgements", self.config.drift.judged_window),
        )
        for name, window in windows:
            progress, _ = await self.series.read(name)
            if progress.total - progress.checked >= window and await self.series.claim(name):
                await self._compare(name, window)

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
        # What changed is the new normal: it is told once, and the next change is seen against it.
        await self.series.looked(name, progress.total, progress.total - window if found else None)
        if found:
            await self._tell(found)

    def _drifts(self, name: Name, before: list[str], now: list[str]) -> list[Drift]:
        chance = level(self.config.drift.false_alarms)
        if name == "judgements":
            return of_judgements(
                [one == "1" for one in before], [one == "1" for one in now], chance
            )
        labels = [[Answer.model_validate_json(one).label for one in side] for side in (before, now)]
        return of_answers(labels[0], labels[1], chance)

    async def _tell(self, found: list[Drift]) -> None:
        lines = [f"• {inline(one.what)}: {sentence(one.said)}" for one in found]
        text = "\n".join(["*Something has changed in what I see*", *lines, _ADVICE])
        channel = await self.directory.channel(self.config.triage.admin_channel)
        for one in [channel] if channel else await self.directory.admins():
            try:
                await self.gateway.tell(one, text)
            except GatewayError as error:
                log.warning("drift.not_told", error=str(error))


_ADVICE = (
    "Look at `/triage accuracy` and the newest messages. If the labels still fit, correcting goes "
    "on as before; if not, change them in triage.toml. I say this once for each change."
)
