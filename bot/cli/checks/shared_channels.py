"""A check that names channels shared with another company."""

from collections.abc import AsyncIterator
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.cli.checks.finding import Finding
from bot.config.config import Config
from bot.slack.errors import FAILURES, classified_error

_READ_THERE = "another company reads the cards there: name an internal channel in triage.toml"


async def shared_channels(
    client: AsyncWebClient, config: Config, team: str
) -> AsyncIterator[Finding]:
    """Yield a finding for each of the bot's channels that is shared, or will be."""
    types = "public_channel,private_channel"
    try:
        pages = await client.conversations_list(types=types, exclude_archived=True, limit=1000)
        async for page in pages:
            for channel in page["channels"]:
                if channel.get("is_member") and with_whom(channel, team):
                    yield _finding(channel, config, team)
    except FAILURES as error:
        refused = classified_error("conversations.list", error)
        yield Finding("shared channels", refused.code or "no answer", str(refused))


def with_whom(channel: dict[str, Any], team: str) -> str:
    """Return who else, outside the organization, is in a channel; "" if nobody."""
    if channel.get("is_ext_shared"):
        known = (*channel.get("connected_team_ids", ()), *channel.get("shared_team_ids", ()))
        inside = {team, *channel.get("internal_team_ids", ())}
        others = sorted(set(known) - inside)
        return f"shared with {', '.join(others) or 'another company'}"
    if channel.get("is_pending_ext_shared"):
        return "another company is invited"
    return ""


def _finding(channel: dict[str, Any], config: Config, team: str) -> Finding:
    name = f"#{channel['name']}"
    triage = config.triage
    cards = {label.channel for label in config.labels}
    cards |= {triage.needs_human_channel, triage.admin_channel}
    advice = _READ_THERE if cards & {name, channel["id"]} else ""
    return Finding(name, f"{with_whom(channel, team)}; people from there are never agents", advice)
