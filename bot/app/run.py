"""`triage run`: a process of the bot from start to the signal that ends it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from bot.app.bot import Role, open_bot
from bot.app.health import Health, routes, serve_until, web_server
from bot.app.http import serve_http
from bot.app.socket_mode import serve_socket_mode
from bot.config.config import Config, ConfigError, Settings
from bot.tasks import watched

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
    settings: Settings,
    config: Config,
    port: int | None,
    role: Role = Role.ALL,
    metrics_port: int | None = None,
    host: str | None = None,
) -> None:
    """Do what `role` says until SIGTERM or SIGINT; what was taken is answered before the end."""
    host = host or settings.triage_host
    metrics_port = metrics_port or settings.triage_metrics_port
    if port is not None and port == metrics_port:
        raise ConfigError(
            f"--port: {port} is also the metrics port; set --metrics-port (TRIAGE_METRICS_PORT) "
            "to another port, which the internet cannot reach"
        )
    way_in = role is not Role.WORKER
    if way_in and port is None and settings.slack_app_token is None:
        raise ConfigError("SLACK_APP_TOKEN: not set; set it for Socket Mode, or give --port")
    for option, asked in (("--port", port if way_in else None), ("--metrics-port", metrics_port)):
        if asked is not None:
            await _check_free(option, host, asked)
    stop = _stop_on_signals()
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(open_bot(settings, config, role))
        health = Health(bot, stop)
        if metrics_port is not None:
            await stack.enter_async_context(_watched(health, metrics_port, host))
        if not way_in:
            await _work(health)
        elif port is None:
            await serve_socket_mode(settings, health)
        else:
            await serve_http(settings, port, health, host)


async def _check_free(option: str, host: str, port: int) -> None:
    """Raise ConfigError where nothing can listen on an address, before Slack is asked anything."""
    try:
        probe = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except OSError as error:
        reason = str(error.strerror).rpartition(": ")[2]  # asyncio puts the address before it
        raise ConfigError(
            f"{option}: cannot listen on {host}, port {port}: {reason}. Give a free port, and as "
            "--host (TRIAGE_HOST) an address of this machine"
        ) from None
    probe.close()
    await probe.wait_closed()


@asynccontextmanager
async def _watched(health: Health, port: int, host: str) -> AsyncIterator[None]:
    """Serve health and metrics on a port of their own, for the length of a block."""
    over = asyncio.Event()
    serving = watched(
        "health and metrics", serve_until(web_server(routes(health), port, host), over)
    )
    try:
        yield
    finally:
        over.set()
        await serving


async def _work(health: Health) -> None:
    async def slack() -> bool:
        return True  # it knew the token at the start; from then on each call says for itself

    health.connected = slack
    log.info("bot.working", team=health.bot.team)
    await health.stop.wait()
