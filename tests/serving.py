"""Serves a web app on a real socket, in the test's event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette


def listening() -> socket.socket:
    """Return a listening socket on a free local port."""
    return socket.create_server(("127.0.0.1", 0))


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serve `app` on `listener`; on exit, cancel open requests and close connections."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    config.load()
    server = uvicorn.Server(config)
    # `serve` and `shutdown` are not used: they replace signal handlers and wait for ticks.
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield
    finally:
        for socket_server in server.servers:
            socket_server.close()
        open_requests = list(server.server_state.tasks)
        for task in open_requests:
            task.cancel()
        await asyncio.gather(*open_requests, return_exceptions=True)
        for connection in list(server.server_state.connections):
            connection.shutdown()
        listener.close()
