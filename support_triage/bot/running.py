"""`triage run`: a bot from start to the signal that ends it."""

import asyncio
import signal

from support_triage.bot.app import running, serve_socket_mode
from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.http import serve_http


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    return stop


async def serve(settings: Settings, config: Config, port: int | None) -> None:
    """Receive and answer until SIGTERM or SIGINT; what was taken is answered before the end."""
    if port is None and settings.slack_app_token is None:
        raise ConfigError("SLACK_APP_TOKEN: not set; set it for Socket Mode, or give --port")
    stop = _stop_on_signals()
    async with running(settings, config) as bot:
        if port is None:
            await serve_socket_mode(bot, settings, stop)
        else:
            await serve_http(bot, settings, port, stop)
