"""Slack's requests over HTTP: the other way in, where a public address is at hand."""

import asyncio

import structlog
import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from support_triage.bot.app import Bot
from support_triage.bot.config import ConfigError, Settings

_BODY_MAX = 1_000_000

log = structlog.get_logger()


def web_app(bot: Bot) -> Starlette:
    """The web app: `/slack/events` takes events, commands and clicks; `/healthz` answers ok."""
    handler = AsyncSlackRequestHandler(bot.app)

    async def events(request: Request) -> Response:
        if int(request.headers.get("content-length") or 0) > _BODY_MAX:
            return PlainTextResponse("body too large", status_code=413)
        try:
            (await request.body()).decode("utf-8")
        except UnicodeDecodeError:
            return PlainTextResponse("body is not UTF-8", status_code=400)
        return await handler.handle(request)

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/slack/events", events, methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
        ]
    )


async def serve_http(bot: Bot, settings: Settings, port: int, stop: asyncio.Event) -> None:
    """Receive over HTTP on `port` until `stop`."""
    if settings.slack_signing_secret is None:
        raise ConfigError("SLACK_SIGNING_SECRET: not set; find it under Basic Information")
    server = uvicorn.Server(
        uvicorn.Config(web_app(bot), host="0.0.0.0", port=port, log_config=None, access_log=False)  # noqa: S104 - a load balancer stands before it
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined] # ours decide
    log.info("bot.listening", over="http", port=port, team=bot.team)
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    waiting.cancel()
    await serving
