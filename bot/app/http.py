"""Receive Slack's requests over HTTP, which needs a public address."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.app.bot import Bot
from bot.app.health import LOOPBACK, Health, health_routes, serve_until, web_server
from bot.config.config import ConfigError, Settings

log = structlog.get_logger()


def events_route(bot: Bot, signing_secret: str) -> Route:
    """Return `/slack/events`, which stores events and passes commands and clicks to bolt."""
    handler = AsyncSlackRequestHandler(bot.app)
    verifier = SignatureVerifier(signing_secret)

    async def events(request: Request) -> Response:
        try:
            body = (await request.body()).decode("utf-8")
        except ClientDisconnect:
            return Response(status_code=400)  # the client is gone
        except UnicodeDecodeError:
            return PlainTextResponse("body is not UTF-8", status_code=400)
        if not signed(verifier, body, request.headers):
            return PlainTextResponse("signature is not valid", status_code=401)
        event = _event(body)
        if event is None:
            return await handler.handle(request)
        return Response(status_code=200 if await bot.intake.take(event) else 503)

    return Route("/slack/events", events, methods=["POST"])


def signed(verifier: SignatureVerifier, body: str, headers: Mapping[str, str]) -> bool:
    """Return True if Slack signed the request within the last five minutes."""
    time, signature = (
        headers.get(name, "") for name in ("x-slack-request-timestamp", "x-slack-signature")
    )
    if not (signature.isascii() and time.isascii() and time.isdecimal()):
        return False
    try:
        return verifier.is_valid(body, time, signature)
    except ValueError:  # Python refuses numbers of more than 4300 digits
        return False


def _event(body: str) -> dict[str, Any] | None:
    """Return the request if it carries an event, or None; commands and clicks come as forms."""
    if not body.startswith("{"):
        return None
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return request if request.get("type") == "event_callback" else None


async def serve_http(settings: Settings, port: int, health: Health, host: str = LOOPBACK) -> None:
    """Receive requests over HTTP until `health.stop` is set."""
    if settings.slack_signing_secret is None:
        raise ConfigError(
            "SLACK_SIGNING_SECRET: not set, so requests cannot be verified. Copy it from "
            "Basic Information, App Credentials."
        )
    bot = health.bot
    secret = settings.slack_signing_secret.get_secret_value()
    server = web_server([events_route(bot, secret), *health_routes(health)], port, host)

    async def listening() -> bool:
        return server.started

    health.connected = listening
    log.info("bot.listening", over="http", host=host, port=port, team=bot.team)
    await serve_until(server, health.stop)
