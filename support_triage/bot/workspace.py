"""Find out which workspace is meant, and open its stores."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from support_triage.bot.config import ConfigError, Settings
from support_triage.storage.connection import Client, connect
from support_triage.storage.examples import Examples
from support_triage.storage.inbox import Inbox
from support_triage.storage.spending import Spending
from support_triage.storage.workspaces import LOCAL, Workspaces

_TEAM = re.compile(r"[TE][A-Z0-9]+")


@dataclass(frozen=True)
class Store:
    """The stores of one workspace."""

    redis: Client
    team: str
    examples: Examples
    workspaces: Workspaces
    inbox: Inbox
    spending: Spending


@asynccontextmanager
async def open_store(settings: Settings, team: str | None) -> AsyncIterator[Store]:
    """Yield the stores of one workspace; ConfigError if it is not clear which."""
    async with connect(settings.redis_url, settings.triage_data_dir) as redis:
        workspaces = Workspaces(redis)
        team = await chosen_team(workspaces, team)
        spending = Spending(redis, team)
        yield Store(redis, team, Examples(redis), workspaces, Inbox(redis), spending)


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
