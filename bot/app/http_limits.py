"""Limits on bytes, seconds and connections, enforced before a signature is checked."""

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

BODY_MAX = 1_000_000  # Slack's largest events have about 10 kB
HEAD_MAX = 32_768
REQUEST_S = 10.0
"""Seconds from the first byte of a request to its last; Slack gives up after 3 s."""
CONNECTIONS_MAX = 256
"""Open connections of a port, well below the usual limit of 1024 file handles."""


class LimitedProtocol(HttpToolsProtocol):
    """An HTTP connection that limits the size and the duration of a request.

    If too many connections are open, the one that has waited longest for a complete request is
    closed, so that a flood of partial requests cannot block a complete one.
    """

    request_s = REQUEST_S
    connections_max = CONNECTIONS_MAX

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection; if there are too many, close the one that has waited longest."""
        self._deadline: asyncio.TimerHandle | None = None
        self.waiting_since: float | None = self.loop.time()
        self._head = self._body = 0
        self._in_head, self._half = True, False
        super().connection_made(transport)
        self._await_request()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadline."""
        self._request_is_whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request; close the connection if its head is too long."""
        if self.transport.is_closing():
            return
        if self._deadline is None and self.waiting_since is not None:
            self._await_request()
        in_head = self._in_head
        super().data_received(data)
        if in_head and self._in_head:
            self._head += len(data)
            if self._head > HEAD_MAX and not self.transport.is_closing():
                self._refuse_head()

    def on_message_begin(self) -> None:
        """Start to count the bytes of a request."""
        self._head = self._body = 0
        self._in_head = self._half = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count the URL as part of the head."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header or a trailer as part of the head."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that the body follows."""
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count a part of the body; abort at twice the limit.

        Up to there, a body that is too large is read, so that the sender sees the answer 413.
        """
        self._body += len(body)
        if self._body > 2 * BODY_MAX:
            self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Cancel the deadline, as the request is complete."""
        self._request_is_whole()
        self._half = False
        self.waiting_since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of a pipelined one."""
        self.waiting_since = self.loop.time()
        if self._half and self._deadline is None:
            self._await_request()
        super().on_response_complete()

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > HEAD_MAX:
            raise ValueError("head too large")  # the parser ends the request: 400

    def _refuse_head(self) -> None:
        self.transport.write(b"HTTP/1.1 431 \r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()

    def _await_request(self) -> None:
        self._deadline = self.loop.call_later(self.request_s, self._too_late)

    def _request_is_whole(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        self.transport.abort()

    def _make_room(self) -> None:
        limited = (peer for peer in self.connections if isinstance(peer, LimitedProtocol))
        connections = [peer for peer in limited if not peer.transport.is_closing()]
        if len(connections) > self.connections_max:
            waiting = [peer for peer in connections if peer.waiting_since is not None]
            min(waiting, key=lambda peer: peer.waiting_since or 0.0).transport.abort()


class LimitedBody:
    """Middleware that answers 413 to a body of more than BODY_MAX bytes, chunked or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request and count the bytes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            if declared > BODY_MAX:
                raise _too_large()
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_MAX:
                await _skip_rest(message, receive)
                raise _too_large()
            return message

        declared = int(Headers(scope=scope).get("content-length") or 0)  # the parser checked it
        await self._app(scope, limited, send)


async def _skip_rest(message: Message, receive: Receive) -> None:
    """Read the rest of a body so that the sender sees the answer; LimitedProtocol limits it."""
    while message.get("more_body"):
        message = await receive()


def _too_large() -> HTTPException:
    return HTTPException(413, "body too large")
