"""What every process of the bot has: a way to Slack, and what is remembered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from support_triage.bot.backfill import Backfill
from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.directory import Directory
from support_triage.bot.gateway import Gateway, web_client, web_session
from support_triage.bot.loops import Loops
from support_triage.bot.metrics import Metrics
from support_triage.bot.observed import ObservedExamples, ObservedInbox
from support_triage.bot.origin import ORGANIZATION
from support_triage.bot.pacing import Pacing
from support_triage.bot.people import People
from support_triage.bot.slack_errors import GatewayError, GatewayUnavailableError, asked
from support_triage.bot.tracing import Tracing, tracing_of
from support_triage.storage.connection import Client, connect
from support_triage.storage.examples import Examples
from support_triage.storage.forgetting import Forgetting
from support_triage.storage.inbox import Inbox
from support_triage.storage.limiter import Limiter
from support_triage.storage.members import Members
from support_triage.storage.models import Models
from support_triage.storage.records import Records
from support_triage.storage.series import Series
from support_triage.storage.shadows import Shadows
from support_triage.storage.spending import Spending
from support_triage.storage.watermarks import Watermarks
from support_triage.storage.workspaces import Workspaces


@dataclass(frozen=True)
class Parts:
    """One workspace's, on one connection to Redis; `own` are the bot's ids there."""

    team: str
    own: frozenset[str]
    client: AsyncWebClient
    redis: Client
    directory: Directory
    people: People
    gateway: Gateway
    inbox: Inbox
    records: Records
    examples: Examples
    workspaces: Workspaces
    models: Models
    series: Series
    shadows: Shadows
    spending: Spending
    forgetting: Forgetting
    metrics: Metrics
    loops: Loops
    tracing: Tracing


async def _whoami(client: AsyncWebClient) -> tuple[str, frozenset[str]]:
    """Return the workspace, and the bot's ids in it: of its user and of its bot."""
    try:
        answer = await asked("auth.test", client.auth_test)
    except GatewayUnavailableError as error:
        raise ConfigError(
            f"SLACK_API_URL: {client.base_url} cannot be reached ({error}): try again later"
        ) from None
    except GatewayError as error:
        raise ConfigError(f"SLACK_BOT_TOKEN: {error}") from None
    if answer.get("is_enterprise_install"):
        raise ConfigError(ORGANIZATION)
    own = {str(answer["user_id"]), str(answer.get("bot_id") or "")} - {""}
    return str(answer["team_id"]), frozenset(own)


def _token(settings: Settings) -> str:
    if settings.slack_bot_token is None:
        raise ConfigError(
            "SLACK_BOT_TOKEN: not set; it starts with xoxb- (see docs/slack-admin.md)"
        )
    return settings.slack_bot_token.get_secret_value()


@asynccontextmanager
async def opened(settings: Settings, config: Config) -> AsyncIterator[Parts]:
    """The parts, connected; ConfigError where Slack does not know the token."""
    token = _token(settings)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(web_session())
        client = web_client(token, settings.slack_api_url, session)
        team, own = await _whoami(client)
        redis = await stack.enter_async_context(
            connect(settings.redis_url, settings.triage_data_dir)
        )
        metrics, tracing = Metrics(), tracing_of()
        directory = Directory(client, config)
        parts = Parts(
            team=team,
            own=own,
            client=client,
            redis=redis,
            directory=directory,
            people=People(config.triage, directory, Members(redis, team)),
            gateway=Gateway(client, Pacing(Limiter(redis, team), config.pacing)),
            inbox=ObservedInbox(redis, config.intake, metrics, tracing),
            records=Records(redis, config.keep.seconds),
            examples=ObservedExamples(redis, config.keep.seconds, metrics),
            workspaces=Workspaces(redis),
            models=Models(redis),
            series=Series(redis, team),
            shadows=Shadows(redis, team, config.keep.seconds),
            spending=Spending(redis, team),
            forgetting=Forgetting(redis, config.keep.seconds),
            metrics=metrics,
            loops=Loops(metrics),
            tracing=tracing,
        )
        await parts.workspaces.enter(team)
        try:
            yield parts
        finally:
            await parts.loops.close()
            await asyncio.to_thread(tracing.close)


def backfill_of(parts: Parts, config: Config) -> Backfill:
    """The backfill of a process's workspace.

    It has an inbox of its own that counts nothing: what it reads again is no event from Slack.
    """
    return Backfill(
        config,
        parts.team,
        parts.directory,
        parts.people,
        parts.gateway,
        Inbox(parts.redis, config.intake.limit, config.intake.limit_mb),
        parts.records,
        parts.examples,
        Watermarks(parts.redis, parts.team),
        parts.own,
    )
