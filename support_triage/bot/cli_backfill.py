"""`triage backfill`: what was said while nobody listened, now."""

from datetime import UTC, datetime

from support_triage.bot.backfill import backfill_of
from support_triage.bot.config import Config, Settings
from support_triage.bot.parts import opened
from support_triage.bot.terminal import out
from support_triage.learning.export import since_when
from support_triage.plural import plural


async def backfill(settings: Settings, config: Config, since: str | None) -> None:
    """Put what is missing in the inbox, for the workers to answer, and say how much it was."""
    start = None if since is None else since_when(since, datetime.now(UTC))
    async with opened(settings, config) as parts:
        found = await backfill_of(parts, config).run(start)
        await parts.workspaces.audit(parts.team, "command line", "backfill", found=str(found))
    out.say(f"Found: {plural(found, 'missing event')}")
