"""Where: names in triage.toml to Slack's ids, and what Slack calls people and emoji."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.config.config import Config, Mode
from bot.config.emoji_names import standard_name
from bot.slack.errors import GatewayError, GatewayUnavailableError, asked
from bot.slack.lookups import Lookups
from bot.slack.origin import belongs

_KEEP_S = 300.0
_KEEP_MISSING_S = 30.0
_MEMBERS_S = 15.0  # less than the time between two look-ups of a group
_NOBODY = {"user_not_found", "users_not_found", "user_not_visible"}
"""Slack's words for a person of another company, of whom it tells nothing."""

_ALIASES_MAX = 8  # an alias may be one of an alias; a circle ends too
OUTAGE_S: Final = 3600.0
"""What gives people rights and was known last counts for so long while Slack is away."""

_CHANNELS, _GROUPS, _EMOJI = "conversations.list", "usergroups.list", "emoji.list"


class Directory:
    """Looks up channels, groups, people and emoji; each list at most every five minutes.

    Raises GatewayError where Slack refuses a list, and GatewayUnavailableError where it is away.
    """

    def __init__(self, client: AsyncWebClient, config: Config) -> None:
        self._client = client
        self._config = config
        self._lookups = Lookups()

    def forget_emoji(self) -> None:
        """Ask for the workspace's emoji again: they changed."""
        self._lookups.expire(_EMOJI)

    @property
    def problems(self) -> dict[str, str]:
        """Return what Slack answered to look-ups that failed, by method."""
        return self._lookups.problems

    async def _all_channels(self) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = await self._client.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=1000,
                cursor=cursor,
            )
            for one in page["channels"]:
                yield one
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _channels(self) -> dict[str, str]:
        return {f"#{one['name']}": one["id"] async for one in self._all_channels()}

    async def joined(self) -> list[str]:
        """Return the ids of the channels that the bot is a member of, asked of Slack each time."""

        async def ask() -> list[str]:
            return [one["id"] async for one in self._all_channels() if one.get("is_member")]

        return await asked(_CHANNELS, ask)

    async def channel(self, name: str | None) -> str | None:
        """Return the id of a channel; None for none, and for one that the bot cannot see."""
        if name is None or not name.startswith("#"):
            return name
        channels: dict[str, str] = await self._lookups.get(_CHANNELS, self._channels, _KEEP_S)
        if name not in channels:  # it may have been made, unarchived or joined meanwhile
            channels = await self._lookups.get(_CHANNELS, self._channels, _KEEP_MISSING_S)
        return channels.get(name)

    async def mode(self, channel: str) -> Mode | None:
        """Return the mode of a channel by id; None where cards go and nothing is to be triaged."""
        for name, mode in self._config.channels.items():
            if await self.channel(name) == channel:
                return mode
        targets = [one.channel for one in self._config.labels]
        for target in [*targets, self._config.triage.needs_human_channel]:
            if target is not None and await self.channel(target) == channel:
                return None
        return Mode.SUGGEST

    async def _groups(self) -> dict[str, str]:
        answer = await self._client.usergroups_list()
        return {f"@{one['handle']}": one["id"] for one in answer["usergroups"]}

    async def group(self, name: str | None) -> str | None:
        """Return the id of a user group or user; None for none, and for an unknown handle."""
        if name is None or not name.startswith("@"):
            return name
        groups: dict[str, str] = await self._lookups.get(_GROUPS, self._groups, _KEEP_S)
        if name not in groups:  # it may have been made or enabled meanwhile
            groups = await self._lookups.get(_GROUPS, self._groups, _KEEP_MISSING_S)
        return groups.get(name)

    async def members(self, group: str) -> frozenset[str]:
        """Return the user ids in a user group, asked of Slack each time."""
        identity: str | None = group
        if group.startswith("@"):
            handles = await self._lookups.get(_GROUPS, self._groups, _KEEP_MISSING_S)
            identity = handles.get(group)
        if identity is None:
            raise GatewayError(
                f"no enabled user group is called {group}: correct the name in triage.toml, enable "
                "the group in Slack, or list its users by id (U…) instead",
                "no_such_subteam",
            )

        async def ask() -> Any:
            async with asyncio.timeout(_MEMBERS_S):
                return await self._client.usergroups_users_list(usergroup=identity)

        return frozenset((await asked("usergroups.users.list", ask))["users"])

    async def _aliases(self) -> dict[str, str]:
        answer = await self._client.emoji_list()
        return {
            standard_name(name): standard_name(value.removeprefix("alias:"))
            for name, value in answer["emoji"].items()
            if value.startswith("alias:")
        }

    async def same_emoji(self, emoji: str) -> str:
        """Return the one name of an emoji, whichever standard name or alias this is.

        Where Slack refuses to list the workspace's own emoji, their aliases do not count.
        """
        try:
            aliases: dict[str, str] = await self._lookups.get(_EMOJI, self._aliases, _KEEP_S)
        except GatewayUnavailableError:
            raise
        except GatewayError:
            aliases = {}
        name = standard_name(emoji)
        for _ in range(_ALIASES_MAX):
            name = aliases.get(name, name)
        return name

    async def person(self, user: str) -> dict[str, Any] | None:
        """Return what Slack says of a person, None where it knows nobody of this id."""

        async def ask() -> dict[str, Any] | None:
            try:
                answer = await asked("users.info", lambda: self._client.users_info(user=user))
            except GatewayError as error:
                if error.word in _NOBODY:
                    return None
                raise
            return dict(answer["user"])

        key = f"users.info:{user}"
        found: dict[str, Any] | None = await self._lookups.get(key, ask, _KEEP_S, OUTAGE_S)
        return found

    async def is_member(self, user: str, home: str = "") -> bool:
        """Return whether a user belongs to this workspace, and to `home` where an event names it.

        A stranger in a channel shared with another company does not, whatever triage.toml lists.
        """

        async def ask() -> str:
            return str((await self._client.auth_test())["team_id"])

        person = await self.person(user)
        team = str(await self._lookups.get("auth.test", ask, float("inf")))
        return person is not None and belongs(person, team, home)

    async def user_name(self, user: str) -> str:
        """Return how a person is called in Slack; the id where that cannot be found out."""
        try:
            person = await self.person(user) or {}
        except GatewayError:
            return user
        profile = person.get("profile") or {}
        return str(profile.get("display_name") or person.get("real_name") or user)
