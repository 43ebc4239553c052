"""The services that every process of the bot shares: Slack, storage, metrics and loops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.app.loops import Loops
from bot.config.config import Config, ConfigError, Settings
from bot.observe.instrumented import ObservedExamples, ObservedInbox
from bot.observe.metrics import Metrics
from bot.observe.tracing import Tracing, tracing_of
from bot.slack.backfill import Backfill
from bot.slack.client import web_client, web_session
from bot.slack.directory import Directory
from bot.slack.errors import GatewayError, GatewayUnavailableError, call_slack
from bot.slack.gateway import Gateway
from bot.slack.origin import ORGANIZATION
from bot.slack.pacing import Pacing
from bot.slack.people import People
from storage.inbox.inbox import Inbox
from storage.server.connection import connect
from storage.server.limiter import Limiter
from storage.stores import Stores


@dataclass(frozen=True)
class SlackSide:
    """Access to a workspace in Slack; `own` holds the bot's ids there."""

    client: AsyncWebClient
    own: frozenset[str]
    people: People
    gateway: Gateway

    @property
    def directory(self) -> Directory:
        """Return the directory of channels, people and emoji."""
        return self.people.directory


@dataclass(frozen=True)
class Services:
    """The services of one workspace."""

    slack: SlackSide
    stores: Stores
    metrics: Metrics
    loops: Loops
    tracing: Tracing

    @property
    def team(self) -> str:
        """Return the workspace's id."""
        return self.stores.team


async def _whoami(client: AsyncWebClient) -> tuple[str, frozenset[str]]:
    """Return the workspace's id and the bot's ids there: its user id and its bot id."""
    try:
        answer = await call_slack("auth.test", client.auth_test)
    except GatewayUnavailableError as error:
        raise ConfigError(
            f"SLACK_API_URL: {client.base_url} cannot be reached ({error}). Check the network, "
            "then start again."
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
            "SLACK_BOT_TOKEN: not set. Copy the token that starts with xoxb- from OAuth & "
            "Permissions (see docs/slack-admin.md)."
        )
    return settings.slack_bot_token.get_secret_value()


@asynccontextmanager
async def open_services(settings: Settings, config: Config) -> AsyncIterator[Services]:
    """Yield services connected to Slack and Redis; raise ConfigError if Slack refuses the token."""
    token = _token(settings)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(web_session())
        client = web_client(token, settings.slack_api_url, session)
        team, own = await _whoami(client)
        redis = await stack.enter_async_context(
            connect(settings.redis_url, settings.triage_data_dir)
        )
        metrics, tracing = Metrics(), tracing_of()
        stores = Stores(
            redis,
            team,
            config.keep.seconds,
            ObservedInbox(redis, config.intake, metrics, tracing),
            ObservedExamples(redis, config.keep.seconds, metrics),
        )
        people = People(config.triage, Directory(client, config), stores.members)
        gateway = Gateway(client, Pacing(Limiter(redis, team), config.pacing))
        slack = SlackSide(client, own, people, gateway)
        services = Services(slack, stores, metrics, Loops(metrics), tracing)
        await services.stores.workspaces.enter(team)
        try:
            yield services
        finally:
            await services.loops.close()
            await asyncio.to_thread(tracing.close)


def backfill_of(services: Services, config: Config) -> Backfill:
    """Return the backfill of the workspace.

    It writes to an inbox without metrics, because the messages that it finds are not events from
    Slack.
    """
    redis, keep_s = services.stores.redis, config.keep.seconds
    inbox = Inbox(redis, config.intake.limit, config.intake.limit_mb)
    return Backfill(
        config,
        Stores(redis, services.team, keep_s, inbox, services.stores.examples),
        services.slack.people,
        services.slack.gateway,
        services.slack.own,
    )
