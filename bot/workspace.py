"""Choose a workspace and open its stores."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config.config import ConfigError, Settings
from storage.keys import RETENTION_S
from storage.server.connection import connect
from storage.stores import Stores
from storage.workspace.workspaces import LOCAL, Workspaces

_TEAM = re.compile(r"[TE][A-Z0-9]+")


@asynccontextmanager
async def open_store(
    settings: Settings, team: str | None, keep_s: int = RETENTION_S
) -> AsyncIterator[Stores]:
    """Yield the stores of the chosen workspace; raise ConfigError as `chosen_team` does."""
    async with connect(settings.redis_url, settings.triage_data_dir) as redis:
        yield Stores(redis, await chosen_team(Workspaces(redis), team), keep_s)


async def chosen_team(workspaces: Workspaces, team: str | None) -> str:
    """Return the named workspace, else the only known one, or LOCAL before a bot has run.

    Raise ConfigError if several are known and none is named, or if the name is not a team id.
    """
    known = await workspaces.all()
    if team is not None and team not in (*known, LOCAL) and not _TEAM.fullmatch(team):
        choices = f"Choose from {', '.join(known)}." if known else "No workspace is known yet."
        raise ConfigError(f'--team: no workspace "{team}". {choices}')
    if team is None and len(known) > 1:
        raise ConfigError(
            f"--team: not set, and there are several. Choose from {', '.join(known)}."
        )
    return team or (known[0] if known else LOCAL)
