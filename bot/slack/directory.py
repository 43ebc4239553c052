"""Look up channels, groups, people and emoji in Slack."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.config.config import Config, Mode
from bot.config.emoji_names import standard_name
from bot.slack.errors import GatewayError, GatewayUnavailableError, call_slack
from bot.slack.lookups import Lookups
from bot.slack.origin import belongs

_KEEP_S = 300.0
_KEEP_MISSING_S = 30.0
_MEMBERS_S = 15.0  # below the time between two look-ups of a group
_NOBODY = {"user_not_found", "users_not_found", "user_not_visible"}
"""Slack's error codes for a person of another company about whom it reveals nothing."""

_ALIASES_MAX = 8  # aliases may be chained or form a circle
OUTAGE_S: Final = 3600.0
"""Seconds for which the last known answer still grants rights during an outage of Slack."""

_CHANNELS, _GROUPS, _EMOJI = "conversations.list", "usergroups.list", "emoji.list"


class Directory:
    """Look up channels, groups, people and emoji, and cache each list for five minutes.

    Methods raise GatewayError if Slack refuses, and GatewayUnavailableError during an outage.
    """

    def __init__(self, client: AsyncWebClient, config: Config) -> None:
        self._client = client
        self._config = config
        self._lookups = Lookups()

    def forget_emoji(self) -> None:
        """Discard the cached list of the workspace's emoji, because it changed."""
        self._lookups.expire(_EMOJI)

    @property
    def problems(self) -> dict[str, str]:
        """Return the newest problem of each Slack method that failed."""
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
            for channel in page["channels"]:
                yield channel
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _channels(self) -> dict[str, str]:
        return {f"#{entry['name']}": entry["id"] async for entry in self._all_channels()}

    async def joined(self) -> list[str]:
        """Return the ids of the channels that the bot is a member of, without the cache."""

        async def ask() -> list[str]:
            channels = self._all_channels()
            return [entry["id"] async for entry in channels if entry.get("is_member")]

        return await call_slack(_CHANNELS, ask)

    async def channel(self, name: str | None) -> str | None:
        """Return the id for `#name` (ids pass through), or None if the bot sees no such channel."""
        if name is None or not name.startswith("#"):
            return name
        channels: dict[str, str] = await self._lookups.get(_CHANNELS, self._channels, _KEEP_S)
        if name not in channels:  # it may have been created, unarchived or joined since
            channels = await self._lookups.get(_CHANNELS, self._channels, _KEEP_MISSING_S)
        return channels.get(name)

    async def mode(self, channel: str) -> Mode | None:
        """Return the mode of a channel by id, or None if it receives cards and is not triaged."""
        for name, mode in self._config.channels.items():
            if await self.channel(name) == channel:
                return mode
        targets = [label.channel for label in self._config.labels]
        for target in [*targets, self._config.triage.needs_human_channel]:
            if target is not None and await self.channel(target) == channel:
                return None
        return Mode.SUGGEST

    async def _groups(self) -> dict[str, str]:
        answer = await self._client.usergroups_list()
        return {f"@{entry['handle']}": entry["id"] for entry in answer["usergroups"]}

    async def group(self, name: str | None) -> str | None:
        """Return the id of the group `@handle` (ids pass through), or None if it is unknown."""
        if name is None or not name.startswith("@"):
            return name
        groups: dict[str, str] = await self._lookups.get(_GROUPS, self._groups, _KEEP_S)
        if name not in groups:  # it may have been created or enabled since
            groups = await self._lookups.get(_GROUPS, self._groups, _KEEP_MISSING_S)
        return groups.get(name)

    async def members(self, group: str) -> frozenset[str]:
        """Return the ids of the members of a user group, without the cache."""
        identity: str | None = group
        if group.startswith("@"):
            handles = await self._lookups.get(_GROUPS, self._groups, _KEEP_MISSING_S)
            identity = handles.get(group)
        if identity is None:
            raise GatewayError(
                f"Slack has no enabled user group {group}: correct the name in triage.toml, enable "
                "the group in Slack, or list its members by id (U…) instead",
                "no_such_subteam",
            )

        async def ask() -> Any:
            async with asyncio.timeout(_MEMBERS_S):
                return await self._client.usergroups_users_list(usergroup=identity)

        return frozenset((await call_slack("usergroups.users.list", ask))["users"])

    async def _aliases(self) -> dict[str, str]:
        answer = await self._client.emoji_list()
        return {
            standard_name(name): standard_name(value.removeprefix("alias:"))
            for name, value in answer["emoji"].items()
            if value.startswith("alias:")
        }

    async def same_emoji(self, emoji: str) -> str:
        """Return the standard name of an emoji, given any of its names or aliases.

        Ignore aliases of the workspace if Slack refuses to list them.
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
        """Return a person as `users.info` describes them, or None if Slack knows no such id."""

        async def ask() -> dict[str, Any] | None:
            try:
                answer = await call_slack("users.info", lambda: self._client.users_info(user=user))
            except GatewayError as error:
                if error.code in _NOBODY:
                    return None
                raise
            return dict(answer["user"])

        key = f"users.info:{user}"
        found: dict[str, Any] | None = await self._lookups.get(key, ask, _KEEP_S, OUTAGE_S)
        return found

    async def is_member(self, user: str, home: str = "") -> bool:
        """Return True if a user is a member of this workspace, and of `home` if it is not "".

        `home` is the workspace that an event names for the user. A person of another company in a
        shared channel is not a member, even if triage.toml lists their id.
        """

        async def ask() -> str:
            return str((await self._client.auth_test())["team_id"])

        person = await self.person(user)
        team = str(await self._lookups.get("auth.test", ask, float("inf")))
        return person is not None and belongs(person, team, home)

    async def user_name(self, user: str) -> str:
        """Return the name of a person in Slack, or the id if Slack refuses."""
        try:
            person = await self.person(user) or {}
        except GatewayError:
            return user
        profile = person.get("profile") or {}
        return str(profile.get("display_name") or person.get("real_name") or user)
