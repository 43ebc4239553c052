"""The web page: its static files, and permalinks."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from sandbox.workspace.emoji import STATIC

FILES = (
    "app.js",
    "blocks.js",
    "compose.js",
    "emoji.json",
    "icons.js",
    "markup.js",
    "message.js",
    "picker.js",
    "store.js",
    "style.css",
)
POLICY = "default-src 'self'; img-src 'self' data: https:; frame-ancestors 'none'; base-uri 'none'"


def page_routes() -> list[Route]:
    """Return the routes of the page, its files, and `/archives/…`, which opens the page."""

    async def index(_request: Request) -> Response:
        headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
        return FileResponse(STATIC / "index.html", headers=headers)

    async def static(request: Request) -> Response:
        name = request.url.path.removeprefix("/static/")
        return FileResponse(STATIC / name, headers={"cache-control": "no-cache"})

    files = [Route(f"/static/{name}", static) for name in FILES]
    return [Route("/", index), Route("/archives/{channel}/{message}", index), *files]
