"""`triage doctor`: every setting, token, scope, channel, Redis and model: ok, or what to do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from rich.table import Table
from slack_sdk.web.async_client import AsyncWebClient

from support_triage.bot.config import Config, Settings
from support_triage.bot.directory import Directory
from support_triage.bot.doctor_people import people
from support_triage.bot.doctor_shared import shared_channels
from support_triage.bot.finding import Finding
from support_triage.bot.gateway import web_client
from support_triage.bot.origin import ORGANIZATION
from support_triage.bot.slack_errors import (
    ADVICE,
    GatewayError,
    GatewayUnavailableError,
    asked,
)
from support_triage.bot.terminal import Terminal, out, styled
from support_triage.classifiers.base import ClassifierError
from support_triage.classifiers.factory import LlmUse, close
from support_triage.plural import plural
from support_triage.storage.connection import StorageUnavailableError, connect
from support_triage.storage.embedded import EmbeddedValkeyError
from support_triage.storage.rights import NEEDED, USEFUL, refused

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


def _settings(settings: Settings, config: Config) -> list[Finding]:
    token, app_token = settings.slack_bot_token, settings.slack_app_token
    found = [
        Finding(
            "triage.toml", f"{plural(len(config.labels), 'label')}, set {config.label_set.version}"
        ),
        Finding("SLACK_BOT_TOKEN", "set")
        if token
        else Finding("SLACK_BOT_TOKEN", "not set", "install the app, copy its xoxb- token"),
    ]
    if app_token or settings.slack_signing_secret:
        way = "Socket Mode" if app_token else "HTTP (triage run --port)"
        found.append(Finding("receiving", way))
    else:
        advice = "set SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET and run with --port"
        found.append(Finding("receiving", "no way in", advice))
    for key in ("agents", "admins"):
        people = getattr(config.triage, key)
        advice = "" if people else f"name a group or users in triage.toml: [triage] {key}"
        found.append(Finding(key, ", ".join(people) or "nobody", advice))
    return found


async def _redis(settings: Settings) -> list[Finding]:
    where = "embedded" if settings.redis_url is None else "REDIS_URL"
    try:
        async with connect(settings.redis_url, settings.triage_data_dir) as redis:
            missing = await refused(redis, NEEDED)
            spared = await refused(redis, USEFUL)
            info = {} if "INFO" in spared else await redis.info("server")
    except (StorageUnavailableError, EmbeddedValkeyError, OSError) as error:
        advice = f"{where}: start the server or correct the address"
        return [Finding("Redis", str(error)[:200], advice)]
    version = info.get("valkey_version") or info.get("redis_version") or "unknown"
    return [Finding("Redis", f"{where}, version {version}"), *_rights(missing, spared)]


def _rights(missing: list[str], spared: list[str]) -> list[Finding]:
    found = []
    if missing:
        advice = "ACL of the user in REDIS_URL: allow them"
        found.append(Finding("Redis rights", f"refused: {', '.join(missing)}", advice))
    if spared:
        advice = "allow INFO, to notice failovers, and MEMORY USAGE, to bound the inbox by bytes"
        found.append(Finding("Redis rights", f"refused: {', '.join(spared)}", advice))
    return found


async def _model(settings: Settings, config: Config) -> Finding:
    from support_triage.bot.making import classifier_of, llm_of  # noqa: PLC0415 - loads slowly

    llm, use = llm_of(settings), LlmUse(config.llm)
    kind = "local" if llm is None else "llm"
    try:
        classifier = await asyncio.to_thread(
            classifier_of, settings, config.label_set, config.triage.target_precision, kind, use=use
        )
        try:
            [prediction] = await classifier.classify(["My invoice shows the wrong amount"])
        finally:
            await close(classifier)
    except ClassifierError as error:
        return Finding("model", "does not answer", str(error))
    found = f"{prediction.classifier} in {prediction.latency_ms:.0f} ms"
    if llm is not None and llm.model not in config.llm.prices:
        return Finding("model", found, f'[llm.prices."{llm.model}"]: add it, to count the cost')
    return Finding("model", found)


async def _slack(client: AsyncWebClient, config: Config) -> AsyncIterator[Finding]:
    try:
        who: Any = await asked("auth.test", client.auth_test)
    except GatewayUnavailableError as error:
        advice = f"SLACK_API_URL: can {client.base_url} be reached? ({error})"
        yield Finding("Slack", "no answer", advice)
        return
    except GatewayError as error:
        yield Finding("Slack", error.word, f"SLACK_BOT_TOKEN: {error}")
        return
    advice = ORGANIZATION if who.get("is_enterprise_install") else ""
    yield Finding("Slack", f"{who['team']} as {who['user']}", advice)
    yield _scopes(who.headers.get("x-oauth-scopes"))
    directory = Directory(client, config)
    for name in _channels(config):
        yield await _channel(client, directory, name)
    async for one in shared_channels(client, config, str(who["team_id"])):
        yield one
    async for one in people(directory, config):
        yield one


def _scopes(header: str | None) -> Finding:
    """What Slack says the token may do; another server may keep that to itself."""
    if header is None:
        return Finding("scopes", "the server does not say")
    granted = {one.strip() for one in header.split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        return Finding("scopes", "all")
    return Finding(
        "scopes", f"missing: {', '.join(missing)}", "install the app again with manifest.yml"
    )


def _channels(config: Config) -> list[str]:
    named = [one.channel for one in config.labels]
    named += [config.triage.needs_human_channel, config.triage.admin_channel]
    return list(dict.fromkeys([*config.channels, *(name for name in named if name)]))


async def _channel(client: AsyncWebClient, directory: Directory, name: str) -> Finding:
    try:
        channel = await directory.channel(name)
        if channel is None:
            advice = "make or unarchive the channel, or invite the bot if it is private"
            return Finding(name, "not visible", advice)
        found: Any = await asked(
            "conversations.info", lambda: client.conversations_info(channel=channel)
        )
    except GatewayError as error:
        return Finding(name, error.word or "no answer", str(error))
    if found["channel"].get("is_archived"):
        return Finding(name, "archived", ADVICE["is_archived"])
    if found["channel"].get("is_member"):
        return Finding(name, "member")
    return Finding(name, "not a member", f"/invite the bot to {name}")


async def examine(settings: Settings, config: Config, terminal: Terminal = out) -> int:
    """Look at everything and print it; 0 where all is fine, 1 where something is to do."""
    findings = _settings(settings, config)
    findings += await _redis(settings)
    findings.append(await _model(settings, config))
    if settings.slack_bot_token is not None:
        client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        findings += [one async for one in _slack(client, config)]
    table = Table("", "what", "found", "to do")
    for one in findings:
        mark = styled("✗", "red") if one.advice else styled("✓", "green")
        table.add_row(mark, one.what, one.found, one.advice)
    terminal.print(table)
    return 1 if any(one.advice for one in findings) else 0
