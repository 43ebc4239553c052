"""`triage run`: a process of the bot from start to the signal that ends it."""

import asyncio
import signal

import structlog

from support_triage.bot.app import Role, running, serve_socket_mode
from support_triage.bot.config import Config, ConfigError, Settings
from support_triage.bot.http import serve_http

log = structlog.get_logger()


def role_of(name: str) -> Role:
    """The role of this name, or ConfigError."""
    if name not in set(Role):
        raise ConfigError(f'--role: "{name}" is none of {", ".join(Role)}')
    return Role(name)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    return stop


async def serve(
    settings: Settings, config: Config, port: int | None, role: Role = Role.ALL
) -> None:
    """Do what `role` says until SIGTERM or SIGINT; what was taken is answered before the end."""
    way_in = role is not Role.WORKER
    if way_in and port is None and settings.slack_app_token is None:
        raise ConfigError("SLACK_APP_TOKEN: not set; set it for Socket Mode, or give --port")
    stop = _stop_on_signals()
    async with running(settings, config, role) as bot:
        if not way_in:
            log.info("bot.working", team=bot.team)
            await stop.wait()
        elif port is None:
            await serve_socket_mode(bot, settings, stop)
        else:
            await serve_http(bot, settings, port, stop)
