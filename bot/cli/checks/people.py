"""Checks that each group and user in triage.toml exists in Slack."""

from collections.abc import AsyncIterator

from bot.cli.checks.finding import Finding
from bot.config.config import Config
from bot.slack.directory import Directory
from bot.slack.errors import ADVICE, GatewayError
from bot.slack.people import groups_of
from classifiers.plural import plural


async def people(directory: Directory, config: Config) -> AsyncIterator[Finding]:
    """Yield a finding for each agent, admin and mention, even if Slack refuses some lookups."""
    privileged = [*config.triage.agents, *config.triage.admins]
    mentioned = [label.mention for label in config.labels if label.mention is not None]
    groups = groups_of(privileged)
    for name in groups:
        yield await _group(directory, name)
    for name in dict.fromkeys(name for name in privileged if name not in groups):
        yield await _user(directory, name)
    for name in dict.fromkeys(name for name in mentioned if name not in privileged):
        yield await _mention(directory, name)


async def _group(directory: Directory, name: str) -> Finding:
    try:
        members = await directory.members(name)
    except GatewayError as error:
        return Finding(
            name, error.code or "no answer", f"nobody gets rights through this group: {error}"
        )
    if not members:
        return Finding(name, "empty group", "add people to the group in Slack")
    return Finding(name, plural(len(members), "member"))


async def _user(directory: Directory, name: str) -> Finding:
    try:
        person = await directory.person(name)
    except GatewayError as error:
        return Finding(name, error.code or "no answer", str(error))
    if person is None:
        return Finding(name, "user_not_found", ADVICE["user_not_found"])
    if person.get("deleted"):
        return Finding(name, "deactivated", ADVICE["user_disabled"])
    return Finding(name, "a user")


async def _mention(directory: Directory, name: str) -> Finding:
    if name.startswith("U"):
        return await _user(directory, name)
    try:
        found = await directory.group(name)
    except GatewayError as error:
        return Finding(name, error.code or "no answer", f"cards cannot mention it: {error}")
    if found is None:
        advice = "correct `mention` in triage.toml, or enable the group in Slack"
        return Finding(name, "no such group", advice)
    return Finding(name, "a group to mention")
