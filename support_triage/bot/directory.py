"""Who and where: names in triage.toml to Slack's ids, asked of Slack and kept for minutes."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from support_triage.bot.config import Config, Mode
from support_triage.bot.emoji_names import standard_name
from support_triage.bot.origin import belongs

_KEEP_S = 300.0
_KEEP_MISSING_S = 30.0
_NOBODY = {"user_not_found", "users_not_found", "user_not_visible"}
"""Slack's words for a person of another company, of whom it tells nothing."""

_ALIASES_MAX = 8  # an alias may be one of an alias; a circle ends too

log = structlog.get_logger()


class Directory:
    """Looks up channels, people and emoji; each list is asked for at most every five minutes."""

    def __init__(self, client: AsyncWebClient, config: Config) -> None:
        self._client = client
        self._config = config
        self._kept: dict[str, tuple[float, Any]] = {}

    def forget_emoji(self) -> None:
        """Ask for the workspace's emoji again: they changed."""
        self._kept.pop("emoji", None)

    async def _keep(
        self, key: str, ask: Callable[[], Awaitable[Any]], keep_s: float = _KEEP_S
    ) -> Any:
        """The kept value; an old one serves while Slack does not answer."""
        asked_at, value = self._kept.get(key, (float("-inf"), None))
        if time.monotonic() - asked_at < keep_s:
            return value
        try:
            value = await ask()
        except (SlackApiError, ClientError, OSError, TimeoutError):
            if key not in self._kept:
                raise
            log.warning("directory.stale", what=key.partition(":")[0])
        self._kept[key] = (time.monotonic(), value)
        return value

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
        """The ids of the channels that the bot is a member of, asked of Slack each time."""
        return [one["id"] async for one in self._all_channels() if one.get("is_member")]

    async def channel(self, name: str | None) -> str | None:
        """The id of a channel; None for none, and for one that the bot cannot see."""
        if name is None or not name.startswith("#"):
            return name
        channels: dict[str, str] = await self._keep("channels", self._channels)
        if name not in channels:  # it may have been made, unarchived or joined meanwhile
            channels = await self._keep("channels", self._channels, _KEEP_MISSING_S)
        return channels.get(name)

    async def mode(self, channel: str) -> Mode | None:
        """The mode of a channel by id; None where cards go and nothing is to be triaged."""
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
        """The id of a user group or user; None for none, and for an unknown handle."""
        if name is None or not name.startswith("@"):
            return name
        groups: dict[str, str] = await self._keep("groups", self._groups)
        return groups.get(name)

    async def _members(self, group: str) -> frozenset[str]:
        answer = await self._client.usergroups_users_list(usergroup=group)
        return frozenset(answer["users"])

    async def _person(self, user: str) -> dict[str, Any] | None:
        """Return what Slack says of a person, None where it knows nobody of this id."""

        async def ask() -> dict[str, Any] | None:
            try:
                answer = await self._client.users_info(user=user)
            except SlackApiError as error:
                if error.response.get("error") in _NOBODY:
                    return None
                raise
            return dict(answer["user"])

        found: dict[str, Any] | None = await self._keep(f"user:{user}", ask)
        return found

    async def _team(self) -> str:
        async def ask() -> str:
            return str((await self._client.auth_test())["team_id"])

        return str(await self._keep("team", ask, float("inf")))

    async def is_member(self, user: str, home: str = "") -> bool:
        """Return whether a user belongs to this workspace, and to `home` where an event names it.

        A stranger in a channel shared with another company does not, whatever triage.toml lists.
        """
        person = await self._person(user)
        return person is not None and belongs(person, await self._team(), home)

    async def _is_one_of(self, user: str, home: str, people: Iterable[str]) -> bool:
        for name in people:
            who = await self.group(name)
            if who == user:
                return await self.is_member(user, home)
            if who is not None and who.startswith("S"):
                group = who
                members = await self._keep(f"members:{group}", lambda: self._members(group))  # noqa: B023 - awaited at once
                if user in members:
                    return await self.is_member(user, home)
        return False

    async def is_agent(self, user: str, home: str = "") -> bool:
        """Whether this user's emoji correct labels; admins are agents too."""
        people = (*self._config.triage.agents, *self._config.triage.admins)
        return await self._is_one_of(user, home, people)

    async def is_admin(self, user: str) -> bool:
        """Whether this user may command."""
        return await self._is_one_of(user, "", self._config.triage.admins)

    async def admins(self) -> list[str]:
        """The users who may command, sorted."""
        found: set[str] = set()
        for name in self._config.triage.admins:
            who = await self.group(name)
            if who is not None and who.startswith("S"):
                group = who
                found |= await self._keep(f"members:{group}", lambda: self._members(group))  # noqa: B023 - awaited at once
            elif who is not None:
                found.add(who)
        return [one for one in sorted(found) if await self.is_member(one)]

    async def _aliases(self) -> dict[str, str]:
        answer = await self._client.emoji_list()
        return {
            standard_name(name): standard_name(value.removeprefix("alias:"))
            for name, value in answer["emoji"].items()
            if value.startswith("alias:")
        }

    async def same_emoji(self, emoji: str) -> str:
        """Return the one name of an emoji, whichever standard name or alias this is."""
        aliases: dict[str, str] = await self._keep("emoji", self._aliases)
        name = standard_name(emoji)
        for _ in range(_ALIASES_MAX):
            name = aliases.get(name, name)
        return name

    async def user_name(self, user: str) -> str:
        """How a person is called in Slack; the id where that cannot be found out."""
        try:
            person = await self._person(user) or {}
        except (SlackApiError, ClientError, OSError, TimeoutError):
            return user
        profile = person.get("profile") or {}
        return str(profile.get("display_name") or person.get("real_name") or user)
