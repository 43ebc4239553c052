"""People's rights: agents, whose emoji correct labels, and admins, who use commands.

User groups in triage.toml do not affect each other. If Slack refuses to list a group, nobody has
its rights; while Slack does not answer, its last known members keep them for an hour. A person is
refused only by a list that Slack gave after the person acted, so a new member of a group is not
refused. Strangers cause at most one look-up per group in 30 s.
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
"""The longest time for which somebody who left a group keeps its rights."""

_IN_FLIGHT_S: Final = 1.0  # another process asks right now: its answer is there soon

log = structlog.get_logger()


def groups_of(people: Iterable[str]) -> list[str]:
    """Return the user groups among names of triage.toml, each once; other names are users."""
    return list(dict.fromkeys(one for one in people if one.startswith(("@", "S"))))


def trusted(known: Membership, now: float) -> frozenset[str]:
    """Return the people with a group's rights now: none after a refusal or a long outage."""
    if known.refused or now - known.at > OUTAGE_S:
        return frozenset()
    return known.users


def _counts(user: str, known: Mapping[str, Membership], now: float) -> bool:
    return any(user in trusted(one, now) for one in known.values())


def _silent(known: Mapping[str, Membership], since: float) -> list[str]:
    """Return the groups for which Slack has not answered since a time."""
    return [group for group, one in known.items() if not one.answered_since(since)]


def problems_of(known: Mapping[str, Membership], now: float) -> dict[str, str]:
    """Return the problem of each group, and who keeps its rights meanwhile."""
    found = {}
    for group, one in known.items():
        if one.refused or (one.problem and now - one.at > OUTAGE_S):
            found[f"user group {group}"] = f"{one.problem}. Nobody has rights through it now"
        elif one.problem:
            until = datetime.fromtimestamp(one.at + OUTAGE_S, UTC)
            found[f"user group {group}"] = (
                f"{one.problem}. Its last known members keep their rights until {until:%H:%M} UTC"
            )
    return found


async def group_problems(config: TriageConfig, members: Members) -> dict[str, str]:
    """Return the problems of triage.toml's groups, as any process noted them last."""
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
        """Return True if a user's emoji, which arrived at `since`, corrects labels.

        Admins are agents too. `home` is the workspace that the event names for the user. Raises
        GatewayUnavailableError if that is not known yet: keep what the user did, and ask again
        after its `after_s`.
        """
        people = [*self.config.agents, *self.config.admins]
        listed = await self._is_listed(user, people, since)
        return listed and await self.directory.is_member(user, home)

    async def is_admin(self, user: str) -> bool:
        """Return True if a user may use commands; a no comes from lists at most 30 s old."""
        now = await self.now()
        listed = await self._is_listed(user, self.config.admins, now - ASK_EVERY_S)
        return listed and await self.directory.is_member(user)

    async def admins(self) -> list[str]:
        """Return the users who may use commands, sorted."""
        groups = groups_of(self.config.admins)
        users = frozenset(self.config.admins) - frozenset(groups)
        now, known = await self._renewed(groups)
        listed = sorted(users.union(*(trusted(one, now) for one in known.values())))
        return [one for one in listed if await self.directory.is_member(one)]

    async def now(self) -> float:
        """Return the time by the clock of `since`."""
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
        if _counts(user, known, now):
            return True
        waits = {group: await self._ask(group) for group in _silent(known, since)}
        now, known = await self.members.read(groups)
        if _counts(user, known, now):
            return True
        for group in _silent(known, since):
            wait = waits.get(group, _IN_FLIGHT_S)
            raise GatewayUnavailableError(f"the members of {group} are not known yet", wait)
        return False

    async def _renewed(self, groups: Sequence[str]) -> tuple[float, dict[str, Membership]]:
        """Look up outdated groups, and return the memberships of all of them."""
        now, known = await self.members.read(groups)
        old = _silent(known, now - FRESH_S)
        if old:
            await asyncio.gather(*(self._ask(group) for group in old))
            now, known = await self.members.read(groups)
        return now, known

    async def _ask(self, group: str) -> float:
        """Look a group up if it is due; return the seconds until the next look-up."""
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
