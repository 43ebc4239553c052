"""People's rights: agents, whose emoji correct labels, and admins, who use commands.

User groups in triage.toml are independent of each other. If Slack refuses to list a group, it
grants rights to nobody; if Slack does not answer, its last known members keep their rights for an
hour. A person is denied only by a member list that is newer than the person's action, so that new
members are not denied. Strangers cause at most one look-up per group in 30 s.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from bot.config.config import TriageConfig
from bot.slack.directory import OUTAGE_S, Directory
from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.flights import Flights
from storage.workspace.members import ASK_EVERY_S, Members, Membership

FRESH_S: Final = 300.0
"""Seconds for which a person who left a group may keep its rights."""

_IN_FLIGHT_S: Final = 1.0  # another process is asking: its answer will arrive soon

log = structlog.get_logger()


def groups_of(people: Iterable[str]) -> list[str]:
    """Return the user groups among agents or admins of triage.toml, without duplicates."""
    return list(dict.fromkeys(name for name in people if name.startswith(("@", "S"))))


def trusted(known: Membership, now: float) -> frozenset[str]:
    """Return the members with a group's rights: none after a refusal or a long outage."""
    if known.refused or now - known.at > OUTAGE_S:
        return frozenset()
    return known.users


def _has_rights(user: str, known: Mapping[str, Membership], now: float) -> bool:
    return any(user in trusted(membership, now) for membership in known.values())


def _outdated(known: Mapping[str, Membership], since: float) -> list[str]:
    """Return the groups whose newest answer is older than `since`."""
    return [group for group, membership in known.items() if not membership.answered_since(since)]


def problems_of(known: Mapping[str, Membership], now: float) -> dict[str, str]:
    """Return the problem of each failed group, with who still has its rights."""
    found = {}
    for group, membership in known.items():
        problem = membership.problem
        if membership.refused or (problem and now - membership.at > OUTAGE_S):
            found[f"user group {group}"] = f"{problem}. Nobody has rights through it now"
        elif problem:
            until = datetime.fromtimestamp(membership.at + OUTAGE_S, UTC)
            found[f"user group {group}"] = (
                f"{problem}. Its last known members keep their rights until {until:%H:%M} UTC"
            )
    return found


async def group_problems(config: TriageConfig, members: Members) -> dict[str, str]:
    """Return the problems of the groups in triage.toml, as stored by any process."""
    now, known = await members.read(groups_of([*config.agents, *config.admins]))
    return problems_of(known, now)


@dataclass
class People:
    """The agents and admins of one workspace."""

    config: TriageConfig
    directory: Directory
    members: Members
    _flights: Flights[float] = field(default_factory=Flights)

    async def is_agent(self, user: str, since: float, home: str = "") -> bool:
        """Return True if a user's emoji, which arrived at Unix time `since`, corrects labels.

        Admins are agents too. `home` is the workspace that the event names for the user. Raise
        GatewayUnavailableError if the answer is not known yet; call again after its `after_s`.
        """
        people = [*self.config.agents, *self.config.admins]
        listed = await self._is_listed(user, people, since)
        return listed and await self.directory.is_member(user, home)

    async def is_admin(self, user: str) -> bool:
        """Return True if a user may use commands; False is based on lists at most 30 s old."""
        now = await self.now()
        listed = await self._is_listed(user, self.config.admins, now - ASK_EVERY_S)
        return listed and await self.directory.is_member(user)

    async def admins(self) -> list[str]:
        """Return the users who may use commands, sorted."""
        groups = groups_of(self.config.admins)
        users = frozenset(self.config.admins) - frozenset(groups)
        now, known = await self._renewed(groups)
        listed = sorted(users.union(*(trusted(group, now) for group in known.values())))
        return [user for user in listed if await self.directory.is_member(user)]

    async def now(self) -> float:
        """Return the Unix time by Redis's clock, which `since` uses."""
        now, _ = await self.members.read([""])
        return now

    async def problems(self) -> dict[str, str]:
        """Return the problems of the groups in triage.toml."""
        return await group_problems(self.config, self.members)

    async def _is_listed(self, user: str, people: Sequence[str], since: float) -> bool:
        if user in people:
            return True
        groups = groups_of(people)
        now, known = await self._renewed(groups)
        if _has_rights(user, known, now):
            return True
        waits = {group: await self._ask(group) for group in _outdated(known, since)}
        now, known = await self.members.read(groups)
        if _has_rights(user, known, now):
            return True
        for group in _outdated(known, since):
            wait = waits.get(group, _IN_FLIGHT_S)
            raise GatewayUnavailableError(f"the members of {group} are not known yet", wait)
        return False

    async def _renewed(self, groups: Sequence[str]) -> tuple[float, dict[str, Membership]]:
        """Look up outdated groups; return the time and the memberships of all groups."""
        now, known = await self.members.read(groups)
        old = _outdated(known, now - FRESH_S)
        if old:
            await asyncio.gather(*(self._ask(group) for group in old))
            now, known = await self.members.read(groups)
        return now, known

    async def _ask(self, group: str) -> float:
        """Look up a group if it is due; return the seconds until the next look-up."""
        return await self._flights.join(group, lambda: self._look_up(group))

    async def _look_up(self, group: str) -> float:
        claim = await self.members.claim(group)
        _, known = await self.members.read([group])
        before = known[group]
        if claim.wait_s:
            in_flight = claim.at > before.tried
            return min(claim.wait_s, _IN_FLIGHT_S) if in_flight else claim.wait_s
        try:
            users = await self.directory.members(group)
            found = Membership(users=users, at=claim.at, tried=claim.at)
        except GatewayUnavailableError as error:
            changes = {"tried": claim.at, "problem": str(error)}
            found = before.model_copy(update=changes)
        except GatewayError as error:
            found = Membership(tried=claim.at, refused_at=claim.at, problem=str(error))
        if found.problem:
            log.warning("people.unknown", group=group, problem=found.problem)
        await self.members.put(group, found)
        return ASK_EVERY_S
