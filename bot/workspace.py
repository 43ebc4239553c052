"""Find out which workspace is meant, and open its stores."""

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
    """Yield the stores of one workspace; ConfigError if it is not clear which."""
    async with connect(settings.redis_url, settings.triage_data_dir) as redis:
        yield Stores(redis, await chosen_team(Workspaces(redis), team), keep_s)


async def chosen_team(workspaces: Workspaces, team: str | None) -> str:
    """Return the workspace named, the only one there is, or the local one before a bot has run.

    ConfigError if there are several and none is named, or if the one named cannot be one.
    """
    known = await workspaces.all()
    if team is not None and team not in (*known, LOCAL) and not _TEAM.fullmatch(team):
        there = ", ".join(known) or "none yet"
        raise ConfigError(f'--team: there is no workspace "{team}"; the workspaces are: {there}')
    if team is None and len(known) > 1:
        raise ConfigError(f"--team: name one of the workspaces {', '.join(known)}")
    return team or (known[0] if known else LOCAL)
