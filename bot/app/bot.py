"""The composition root: builds a running bot from settings."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.app.services import Services, backfill_of, open_services
from bot.commands import forward as forwarding
from bot.config.config import Config, Settings
from bot.slack.backfill_schedule import BackfillTurns
from bot.slack.intake import Intake
from classifiers.text import all_well_formed

if TYPE_CHECKING:
    from bot.app.worker import WorkerProcess
    from bot.model.champion import ChampionClassifier

_LISTENING_EVERY_S = 5.0  # the record in Redis expires after a minute
_BACKFILL_MAX_S = 4 * 3600.0  # enough for thousands of channels; if not, a later run resumes


class Role(StrEnum):
    """The tasks of a process: receive events, answer them, or both."""

    ALL = "all"
    INTAKE = "intake"
    WORKER = "worker"


@dataclass(frozen=True)
class Bot:
    """A running bot; `worker` is None in the role INTAKE."""

    services: Services
    app: AsyncApp
    intake: Intake
    worker: "WorkerProcess | None"
    backfill: BackfillTurns

    @property
    def team(self) -> str:
        """Return the workspace's id."""
        return self.services.team

    @property
    def classifier(self) -> "ChampionClassifier":
        """Return the classifier in use; the bot must have a worker."""
        assert self.worker is not None
        return self.worker.classifier


def _app(services: Services, settings: Settings) -> AsyncApp:
    secret = settings.slack_signing_secret
    app = AsyncApp(
        client=services.slack.client,
        signing_secret=None if secret is None else secret.get_secret_value(),
        request_verification_enabled=secret is not None,
        logger=logging.getLogger("slack_bolt"),  # else bolt ignores the level set for it
    )
    app.use(_repair_text)
    return app


async def _repair_text(
    request: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]
) -> Any:
    """Replace lone surrogates in a request: neither Redis nor Slack accepts them."""
    request.body = all_well_formed(request.body)
    return await next_()


@asynccontextmanager
async def open_bot(settings: Settings, config: Config, role: Role = Role.ALL) -> AsyncIterator[Bot]:
    """Yield a bot whose worker is running; at exit, finish its in-flight events.

    `serve_http` and `serve_socket_mode` connect it to Slack.
    """
    async with open_services(settings, config) as services, AsyncExitStack() as stack:
        app = _app(services, settings)
        backfill = BackfillTurns(
            backfill_of(services, config), services.stores.inbox, services.stores.watermarks
        )
        intake = Intake(
            services.stores.inbox,
            services.stores.workspaces,
            services.team,
            config.triage.allowed_bots,
            services.slack.own,
            services.slack.directory.forget_emoji,
            backfill.want,
        )
        worker = None
        forwarding.register(app, services.stores.inbox, services.team)
        if role is not Role.INTAKE:
            # Imported here so that intake starts without the model's libraries.
            from bot.app.worker import open_worker  # noqa: PLC0415

            worker = await stack.enter_async_context(open_worker(settings, config, services))
        if role is not Role.WORKER:
            backfill.want()
            services.loops.start(
                "listening",
                partial(services.stores.inbox.listen, services.team),
                _LISTENING_EVERY_S,
            )
            services.loops.start("backfill", backfill.step, 0, _BACKFILL_MAX_S)
        yield Bot(services, app, intake, worker, backfill)
