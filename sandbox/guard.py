"""A guard against other web sites: only pages and programs of this machine may use the sandbox."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class LoopbackOnly:
    """Refuses requests whose Host is not loopback, or whose Origin is another site.

    A foreign page can make a browser send requests here, which its Origin reveals, or point its
    own name at 127.0.0.1, which the Host reveals.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        if scope["type"] == "http" and not allowed(Headers(scope=scope)):
            await PlainTextResponse("the sandbox accepts requests from its own page only", 403)(
                scope, receive, send
            )
            return
        await self._app(scope, receive, send)


def allowed(headers: Headers) -> bool:
    """Return True if Host is loopback and Origin, if present, is the same host."""
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in LOOPBACK:
        return False
    foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    if foreign and headers.get("sec-fetch-mode") != "navigate":
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == host
