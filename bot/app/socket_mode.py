"""Slack's envelopes over Socket Mode: the way in that needs no public address."""

import asyncio
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.socket_mode.websockets import SocketModeClient

from bot.app.health import Health
from bot.config.config import ConfigError, Settings

_PING_S = 5.0  # a connection that was cut is found out and replaced after this

log = structlog.get_logger()


class SocketModeError(Exception):
    """The Slack SDK no longer received, and was started again."""


async def serve_socket_mode(settings: Settings, health: Health) -> None:
    """Receive until `health.stop`; old and new connections overlap at a refresh."""
    if settings.slack_app_token is None:
        raise ConfigError("SLACK_APP_TOKEN: not set; it starts with xapp- (connections:write)")
    bot = health.bot
    handler = AsyncSocketModeHandler(
        bot.app, settings.slack_app_token.get_secret_value(), ping_interval=_PING_S
    )

    async def requested(connection: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if request.type != "events_api":
            await handler.handle(handler.client, request)
        elif await bot.intake.take(request.payload):
            await connection.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    async def heard(_: object, message: dict[str, Any], __: object) -> None:
        if message.get("type") == "hello":  # a new connection: what came before it may be missing
            bot.backfill.want()

    handler.client.message_listeners.append(heard)
    handler.client.socket_mode_request_listeners = [requested]
    await handler.connect_async()  # type: ignore[no-untyped-call]
    health.connected = handler.client.is_connected
    bot.services.loops.start("socket mode", lambda: _keep(handler.client), _PING_S)
    log.info("bot.listening", over="socket mode", team=bot.team)
    await health.stop.wait()
    await bot.services.loops.stop("socket mode")
    if handler.client.message_receiver is not None:
        handler.client.message_receiver.cancel()  # else it logs the goodbye as an error
    await handler.close_async()  # type: ignore[no-untyped-call]


async def _keep(sdk: SocketModeClient) -> None:
    """Connect again where one of the SDK's own tasks has ended, as it does on a bug; say so."""
    tasks = (sdk.current_session_monitor, sdk.message_receiver)
    if sdk.message_processor.done():
        sdk.message_processor = asyncio.ensure_future(
            sdk.process_messages()  # type: ignore[no-untyped-call]
        )
    elif all(one is not None and not one.done() for one in tasks):
        return
    else:
        await sdk.connect_to_new_endpoint(force=True)
    raise SocketModeError("a background task of the Slack SDK had ended; it was restarted")
