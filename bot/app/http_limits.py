"""Bounds on what anybody may send before a signature is checked: bytes, seconds and connections."""

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

BODY_MAX = 1_000_000  # Slack's largest events have some ten thousand bytes
HEAD_MAX = 32_768
REQUEST_S = 10.0
"""Seconds from the first byte of a request to its last; Slack itself gives up after 3 s."""
CONNECTIONS_MAX = 256
"""Open connections of a port, well below the 1024 file handles that a process usually has."""


class LimitedProtocol(HttpToolsProtocol):
    """An HTTP connection whose request must arrive whole, in time and within bounds.

    If a port has no connection left, the one that has waited longest for a request, or for the rest
    of it, makes room: a flood of half requests cannot keep a whole one out.
    """

    request_s = REQUEST_S
    connections_max = CONNECTIONS_MAX

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, if necessary in place of another that waits."""
        self._deadline: asyncio.TimerHandle | None = None
        self.waiting_since: float | None = self.loop.time()
        self._head = self._body = 0
        self._in_head, self._half = True, False
        super().connection_made(transport)
        self._await_request()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline with the connection."""
        self._request_is_whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request; a head that is too long ends the connection."""
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
        """Count the head and the body of the next request."""
        self._head = self._body = 0
        self._in_head = self._half = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count an address into the head."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header or a trailer into the head."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Go on with the body."""
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Accept a part of the body; after a refusal, skip the rest so that the answer is read."""
        self._body += len(body)
        if self._body > 2 * BODY_MAX:
            self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the timer: the bot has the whole request."""
        self._request_is_whole()
        self._half = False
        self.waiting_since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of one that came with the last."""
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
        limited = (one for one in self.connections if isinstance(one, LimitedProtocol))
        connections = [one for one in limited if not one.transport.is_closing()]
        if len(connections) > self.connections_max:
            waiting = [one for one in connections if one.waiting_since is not None]
            min(waiting, key=lambda one: one.waiting_since or 0.0).transport.abort()


class LimitedBody:
    """Answers 413 to a body of more than BODY_MAX bytes, however its length is given."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and count its bytes."""
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
    """Read on until the end, so that the sender reads the answer; the protocol bounds how much."""
    while message.get("more_body"):
        message = await receive()


def _too_large() -> HTTPException:
    return HTTPException(413, "body too large")
