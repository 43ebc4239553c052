"""A web app on a real socket, inside the test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette


def listening() -> socket.socket:
    """A listener on a free local port."""
    return socket.create_server(("127.0.0.1", 0))


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serve `app` from `listener`; leaving cuts what still hangs and closes both."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    config.load()
    server = uvicorn.Server(config)
    # Not `serve` and `shutdown`: they take over the process's signals, and wait for ticks.
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield
    finally:
        for each in server.servers:
            each.close()
        hanging = list(server.server_state.tasks)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        for connection in list(server.server_state.connections):
            connection.shutdown()
        listener.close()
