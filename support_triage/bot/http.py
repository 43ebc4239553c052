"""Slack's requests over HTTP: the other way in, where a public address is at hand."""

import structlog
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from support_triage.bot.app import Bot
from support_triage.bot.config import ConfigError, Settings
from support_triage.bot.health import Health, routes, serve_until, web_server

_BODY_MAX = 1_000_000

log = structlog.get_logger()


def events_route(bot: Bot) -> Route:
    """`/slack/events` takes events, commands and clicks."""
    handler = AsyncSlackRequestHandler(bot.app)

    async def events(request: Request) -> Response:
        if int(request.headers.get("content-length") or 0) > _BODY_MAX:
            return PlainTextResponse("body too large", status_code=413)
        try:
            (await request.body()).decode("utf-8")
        except UnicodeDecodeError:
            return PlainTextResponse("body is not UTF-8", status_code=400)
        return await handler.handle(request)

    return Route("/slack/events", events, methods=["POST"])


async def serve_http(settings: Settings, port: int, health: Health) -> None:
    """Receive over HTTP on `port` until `health.stop`."""
    if settings.slack_signing_secret is None:
        raise ConfigError("SLACK_SIGNING_SECRET: not set; find it under Basic Information")
    bot = health.bot
    server = web_server([events_route(bot), *routes(health)], port)

    async def listening() -> bool:
        return server.started

    health.connected = listening
    log.info("bot.listening", over="http", port=port, team=bot.team)
    await serve_until(server, health.stop)
