"""A server for a sandbox that listens at once and stops without waiting for its clients."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn

from sandbox.app import create_app
from sandbox.config import SandboxConfig
from sandbox.sandbox import Sandbox


class SandboxServer(uvicorn.Server):
    """A server on `url`; it accepts connections as soon as it is constructed.

    `port` 0 chooses a free port. Set `should_exit` to stop the server.
    """

    def __init__(self, config: SandboxConfig, host: str = "127.0.0.1", port: int = 0) -> None:
        self.listening = _listen(host, port)
        self.url = f"http://{host}:{self.listening.getsockname()[1]}"
        app = create_app(replace(config, url=self.url))
        self.sandbox: Sandbox = app.state.sandbox
        options = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=2,
        )
        super().__init__(options)

    async def run_until_stopped(self) -> None:
        """Serve until `should_exit` is set."""
        await self.serve(sockets=[self.listening])

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the process that runs this server."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the sandbox's streams and connections, which the server would wait for."""
        await self.sandbox.close()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    # asyncio disables Nagle's algorithm only for sockets whose protocol is TCP.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(2048)
    return listening
