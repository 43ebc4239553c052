"""The composition root: the one place where the parts meet."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from support_triage.bot import intake
from support_triage.bot.champion import ChampionClassifier
from support_triage.bot.commands import Desk
from support_triage.bot.commands import register as register_commands
from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.directory import Directory
from support_triage.bot.gateway import Gateway, web_client
from support_triage.bot.gating import Gating
from support_triage.bot.making import builder
from support_triage.bot.presenter import Presenter
from support_triage.bot.promoting import Promoting
from support_triage.bot.teaching import Teaching
from support_triage.bot.triage import Triage
from support_triage.bot.worker import Worker
from support_triage.classifiers.factory import LlmUse, close, make_parts
from support_triage.learning.track_record import TrackRecord
from support_triage.storage.connection import connect
from support_triage.storage.examples import Examples
from support_triage.storage.inbox import Inbox
from support_triage.storage.models import Models
from support_triage.storage.records import Records
from support_triage.storage.spending import Spending
from support_triage.storage.workspaces import Workspaces

log = structlog.get_logger()


@dataclass(frozen=True)
class Bot:
    """The parts of a running bot that its edges need."""

    team: str
    app: AsyncApp
    client: AsyncWebClient
    classifier: ChampionClassifier
    worker: Worker


async def _whoami(client: AsyncWebClient) -> str:
    try:
        return str((await client.auth_test())["team_id"])
    except SlackApiError as error:
        raise ConfigError(
            f"SLACK_BOT_TOKEN: Slack answered {error.response['error']}: install the app in the "
            "workspace and copy its Bot User OAuth Token"
        ) from None
    except (OSError, TimeoutError):
        raise ConfigError(f"SLACK_API_URL: {client.base_url} cannot be reached") from None


def _token(settings: Settings) -> str:
    if settings.slack_bot_token is None:
        raise ConfigError(
            "SLACK_BOT_TOKEN: not set; it starts with xoxb- (see docs/slack-admin.md)"
        )
    return settings.slack_bot_token.get_secret_value()


@asynccontextmanager
async def running(settings: Settings, config: Config) -> AsyncIterator[Bot]:
    """A bot whose worker is at work; leaving drains it. Slack is connected by `serve_*`."""
    client = web_client(_token(settings), settings.slack_api_url)
    team = await _whoami(client)
    async with connect(settings.redis_url, settings.triage_data_dir) as redis:
        inbox = Inbox(redis, config.intake.limit)
        records, examples, workspaces = Records(redis), Examples(redis), Workspaces(redis)
        await workspaces.add(team)
        directory, gateway = Directory(client, config), Gateway(client)
        models = Models(redis)
        spending, track_record = Spending(redis, team), TrackRecord()
        use = LlmUse(config.llm, spending, track_record.judged)
        parts = await asyncio.to_thread(make_parts)
        build = builder(settings, config, parts, use=use)
        classifier = ChampionClassifier(
            models, team, build, await asyncio.to_thread(build, None, b"")
        )
        teaching = Teaching(examples, classifier, team, track_record)
        await teaching.load()
        await classifier.refresh()
        presenter = Presenter(config, gateway, directory, records, workspaces)
        triage = Triage(
            config, records, examples, workspaces, directory, classifier, presenter, teaching
        )
        worker = Worker(inbox, {team: triage})
        secret = settings.slack_signing_secret
        app = AsyncApp(
            client=client,
            signing_secret=None if secret is None else secret.get_secret_value(),
            request_verification_enabled=secret is not None,
            logger=logging.getLogger("slack_bolt"),  # else bolt ignores the level set for it
        )
        intake.register(app, inbox, config.triage.allowed_bots, directory.forget_emoji)
        gating = Gating(settings, config, team, models, examples, parts.embedder)
        desk = Desk(
            config,
            team,
            directory,
            gateway,
            examples,
            workspaces,
            inbox,
            classifier,
            spending,
            Promoting(gating, workspaces),
        )
        register_commands(app, desk)
        working = asyncio.create_task(worker.run())
        following = [
            asyncio.create_task(teaching.follow()),
            asyncio.create_task(classifier.follow()),
        ]
        try:
            yield Bot(team, app, client, classifier, worker)
        finally:
            worker.stop()
            for one in following:
                one.cancel()
                with suppress(asyncio.CancelledError):
                    await one
            await working
            await desk.finish()
            for each in (*classifier.former, classifier.current):
                await close(each)


async def serve_socket_mode(bot: Bot, settings: Settings, stop: asyncio.Event) -> None:
    """Receive over Socket Mode until `stop`; old and new connections overlap at a refresh."""
    if settings.slack_app_token is None:
        raise ConfigError("SLACK_APP_TOKEN: not set; it starts with xapp- (connections:write)")
    handler = AsyncSocketModeHandler(bot.app, settings.slack_app_token.get_secret_value())
    await handler.connect_async()  # type: ignore[no-untyped-call]
    log.info("bot.listening", over="socket mode", team=bot.team)
    await stop.wait()
    await handler.close_async()  # type: ignore[no-untyped-call]
