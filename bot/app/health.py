"""HTTP endpoints for monitoring: `/healthz`, `/readyz` and `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.app.bot import Bot
from bot.app.http_limits import CONNECTIONS_MAX, LimitedBody, LimitedProtocol
from bot.observe.metrics import CONTENT_TYPE
from bot.tasks import watched
from learning.config import WATCHED
from storage.errors import StorageUnavailableError

_DEADLINE_S = 1.0
LOOPBACK = "127.0.0.1"
"""Reachable only from this machine."""


async def _not_connected() -> bool:
    return False


@dataclass
class Health:
    """The health of a process; whoever connects it to Slack sets `connected`."""

    bot: Bot
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    connected: Callable[[], Awaitable[bool]] = _not_connected

    @property
    def failing(self) -> tuple[str, ...]:
        """Return the names of failing background loops, which a restart may repair."""
        return self.bot.services.loops.failing

    async def ready(self) -> dict[str, bool]:
        """Return True for each part that is ready, by name."""
        return {
            "redis": await self._measure(),
            "slack": await self.connected(),
            "worker": not {"worker", "leases", "sweep"}.intersection(self.failing),
            "taking": not self.stop.is_set(),
        }

    async def _measure(self) -> bool:
        """Update the gauges that Redis holds; return False if it does not answer in time."""
        services = self.bot.services
        team, inbox, metrics = services.team, services.stores.inbox, services.metrics
        try:
            async with asyncio.timeout(_DEADLINE_S):
                metrics.depth.labels(team).set(await inbox.depth(team))
                metrics.age.labels(team).set(await inbox.oldest_s(team))
                metrics.dead.labels(team).set(await inbox.dead(team))
                changed = await services.stores.series.alarms()
        except (StorageUnavailableError, TimeoutError):
            return False
        for series in WATCHED:
            metrics.drift.labels(team, series).set(series in changed)
        return True

    async def exposition(self) -> bytes:
        """Return the metrics with fresh gauges, in the Prometheus text format."""
        metrics = self.bot.services.metrics
        for part, ready in (await self.ready()).items():
            metrics.ready.labels(part).set(ready)
        if self.bot.worker is not None:
            metrics.model.clear()
            metrics.model.labels(self.bot.worker.classifier.version).set(1)
        return metrics.exposition()


def health_routes(health: Health) -> list[Route]:
    """Return `/healthz` (liveness) and `/readyz` (readiness by part); both answer 503 if not OK."""

    async def healthz(_: Request) -> Response:
        failing = ", ".join(health.failing)
        return PlainTextResponse(
            f"failing: {failing}" if failing else "ok", 503 if failing else 200
        )

    async def readyz(_: Request) -> Response:
        parts = await health.ready()
        return JSONResponse(parts, 200 if all(parts.values()) else 503)

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
    ]


def routes(health: Health) -> list[Route]:
    """Return `/healthz`, `/readyz` and `/metrics`, for a port that is not public."""

    async def metrics(_: Request) -> Response:
        return Response(await health.exposition(), media_type=CONTENT_TYPE)

    return [*health_routes(health), Route("/metrics", metrics, methods=["GET"])]


class _Server(uvicorn.Server):
    """A server that leaves signals to the process."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def web_server(endpoints: list[Route], port: int, host: str = LOOPBACK) -> uvicorn.Server:
    """Return a server of these routes with limits on the size and time of requests."""
    app = Starlette(routes=endpoints, middleware=[Middleware(LimitedBody)])
    return _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=LimitedProtocol,
            ws="none",
            backlog=CONNECTIONS_MAX // 2,  # connections accepted in one pass of the event loop
            log_config=None,
            access_log=False,
        )
    )


async def serve_until(server: uvicorn.Server, stop: asyncio.Event) -> None:
    """Serve until `stop` is set or the server ends."""
    serving = watched("web server", server.serve())
    waiting = watched("stop", stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    waiting.cancel()
    await serving
