"""`triage run`: run a process of the bot until a signal ends it."""

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
    """Return the role of this name; raise ConfigError if there is none."""
    if name not in set(Role):
        raise ConfigError(f'--role: no role "{name}". Choose from {", ".join(Role)}.')
    return Role(name)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def serve(
    settings: Settings,
    config: Config,
    port: int | None,
    role: Role = Role.ALL,
    metrics_port: int | None = None,
    host: str | None = None,
) -> None:
    """Run the given role until SIGTERM or SIGINT, then finish in-flight events.

    Raise ConfigError if a setting is missing or a port cannot be opened.
    """
    host = host or settings.triage_host
    metrics_port = metrics_port or settings.triage_metrics_port
    if port is not None and port == metrics_port:
        raise ConfigError(
            f"--port: {port} is also the metrics port. Set --metrics-port (TRIAGE_METRICS_PORT) to "
            "another port that the internet cannot reach."
        )
    receives = role is not Role.WORKER
    if receives and port is None and settings.slack_app_token is None:
        raise ConfigError(
            "SLACK_APP_TOKEN: not set, so the bot cannot receive events. Set it for Socket Mode, "
            "or pass --port to receive over HTTP."
        )
    ports = {"--port": port if receives else None, "--metrics-port": metrics_port}
    for option, wanted in ports.items():
        if wanted is not None:
            await _check_free(option, host, wanted)
    stop = _stop_on_signals()
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(open_bot(settings, config, role))
        health = Health(bot, stop)
        if metrics_port is not None:
            await stack.enter_async_context(_monitoring(health, metrics_port, host))
        if not receives:
            await _work(health)
        elif port is None:
            await serve_socket_mode(settings, health)
        else:
            await serve_http(settings, port, health, host)


async def _check_free(option: str, host: str, port: int) -> None:
    """Raise ConfigError if the address cannot be listened on, before the first call to Slack."""
    try:
        probe = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except OSError as error:
        reason = str(error.strerror).rpartition(": ")[
            2
        ]  # drop the address, which asyncio puts first
        raise ConfigError(
            f"{option}: cannot listen on {host}, port {port}: {reason}. Pass a free port, and as "
            "--host (TRIAGE_HOST) an address of this machine."
        ) from None
    probe.close()
    await probe.wait_closed()


@asynccontextmanager
async def _monitoring(health: Health, port: int, host: str) -> AsyncIterator[None]:
    """Serve health and metrics on a separate port within the block."""
    done = asyncio.Event()
    serving = watched(
        "health and metrics", serve_until(web_server(routes(health), port, host), done)
    )
    try:
        yield
    finally:
        done.set()
        await serving


async def _work(health: Health) -> None:
    async def slack() -> bool:
        return True  # the token was valid at the start; later calls report their own errors

    health.connected = slack
    log.info("bot.working", team=health.bot.team)
    await health.stop.wait()
