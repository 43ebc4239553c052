"""Checks of the bot token, its scopes, and channels and people in Slack."""

from collections.abc import AsyncIterator
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.cli.checks.finding import Finding
from bot.cli.checks.people import people
from bot.cli.checks.shared_channels import shared_channels
from bot.config.config import Config
from bot.slack.client import web_client
from bot.slack.directory import Directory
from bot.slack.errors import (
    ADVICE,
    GatewayError,
    GatewayUnavailableError,
    call_slack,
)
from bot.slack.origin import ORGANIZATION

SCOPES = (
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "emoji:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:write",
    "metadata.message:read",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
)
"""The bot token's scopes, as in manifest.yml."""


async def check_slack(token: str, api_url: str, config: Config) -> AsyncIterator[Finding]:
    """Yield findings on the token, its scopes, and each channel and person in triage.toml."""
    client = web_client(token, api_url)
    try:
        who: Any = await call_slack("auth.test", client.auth_test)
    except GatewayUnavailableError as error:
        advice = f"SLACK_API_URL: can {client.base_url} be reached? ({error})"
        yield Finding("Slack", "no answer", advice)
        return
    except GatewayError as error:
        yield Finding("Slack", error.code, f"SLACK_BOT_TOKEN: {error}")
        return
    advice = ORGANIZATION if who.get("is_enterprise_install") else ""
    yield Finding("Slack", f"{who['team']} as {who['user']}", advice)
    yield _scopes(who.headers.get("x-oauth-scopes"))
    directory = Directory(client, config)
    for name in _channels(config):
        yield await _channel(client, directory, name)
    async for finding in shared_channels(client, config, str(who["team_id"])):
        yield finding
    async for finding in people(directory, config):
        yield finding


def _scopes(header: str | None) -> Finding:
    """Return a finding on the token's scopes; servers other than Slack may not report them."""
    if header is None:
        return Finding("scopes", "the server does not report them")
    granted = {scope.strip() for scope in header.split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        return Finding("scopes", "all")
    return Finding(
        "scopes", f"missing: {', '.join(missing)}", "install the app again with manifest.yml"
    )


def _channels(config: Config) -> list[str]:
    named = [label.channel for label in config.labels]
    named += [config.triage.needs_human_channel, config.triage.admin_channel]
    return list(dict.fromkeys([*config.channels, *(name for name in named if name)]))


async def _channel(client: AsyncWebClient, directory: Directory, name: str) -> Finding:
    try:
        channel = await directory.channel(name)
        if channel is None:
            advice = "create or unarchive the channel, or invite the bot if it is private"
            return Finding(name, "not visible", advice)
        found: Any = await call_slack(
            "conversations.info", lambda: client.conversations_info(channel=channel)
        )
    except GatewayError as error:
        return Finding(name, error.code or "no answer", str(error))
    if found["channel"].get("is_archived"):
        return Finding(name, "archived", ADVICE["is_archived"])
    if found["channel"].get("is_member"):
        return Finding(name, "member")
    return Finding(name, "not a member", f"/invite the bot in {name}")
