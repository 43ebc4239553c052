"""Receive events over Socket Mode, which needs no public address."""

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

_PING_S = 5.0  # a lost connection is noticed and replaced within this time

log = structlog.get_logger()


class SocketModeError(Exception):
    """A background task of the Slack SDK had ended, and was restarted."""


async def serve_socket_mode(settings: Settings, health: Health) -> None:
    """Receive events until `health.stop` is set."""
    if settings.slack_app_token is None:
        raise ConfigError(
            "SLACK_APP_TOKEN: not set. Create a token that starts with xapp- and has the scope "
            "connections:write under Basic Information, App-Level Tokens."
        )
    bot = health.bot
    handler = AsyncSocketModeHandler(
        bot.app, settings.slack_app_token.get_secret_value(), ping_interval=_PING_S
    )

    async def handle_request(
        connection: AsyncBaseSocketModeClient, request: SocketModeRequest
    ) -> None:
        if request.type != "events_api":
            await handler.handle(handler.client, request)
        elif await bot.intake.take(request.payload):
            await connection.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    async def on_message(_: object, message: dict[str, Any], __: object) -> None:
        if message.get("type") == "hello":  # a new connection: earlier events may be missing
            bot.backfill.want()

    handler.client.message_listeners.append(on_message)
    handler.client.socket_mode_request_listeners = [handle_request]
    await handler.connect_async()  # type: ignore[no-untyped-call]
    health.connected = handler.client.is_connected
    bot.services.loops.start("socket mode", lambda: _keep_alive(handler.client), _PING_S)
    log.info("bot.listening", over="socket mode", team=bot.team)
    await health.stop.wait()
    await bot.services.loops.stop("socket mode")
    if handler.client.message_receiver is not None:
        handler.client.message_receiver.cancel()  # otherwise it logs the close as an error
    await handler.close_async()  # type: ignore[no-untyped-call]


async def _keep_alive(sdk: SocketModeClient) -> None:
    """Restart the SDK's background tasks if one has ended; then raise SocketModeError.

    They end on a bug in the SDK. The error counts as a failure of this loop.
    """
    tasks = (sdk.current_session_monitor, sdk.message_receiver)
    if sdk.message_processor.done():
        sdk.message_processor = asyncio.ensure_future(
            sdk.process_messages()  # type: ignore[no-untyped-call]
        )
    elif all(task is not None and not task.done() for task in tasks):
        return
    else:
        await sdk.connect_to_new_endpoint(force=True)
    raise SocketModeError("a background task of the Slack SDK had ended and was restarted")
