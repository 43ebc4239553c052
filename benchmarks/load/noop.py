"""A bolt app that receives messages and does nothing: the cost of the SDK."""

import asyncio
import os
import sys
from typing import Any

import uvicorn
from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application() -> AsyncApp:
    """Return an app with one listener, which does nothing."""
    client = AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    @app.event("message")
    async def _(event: dict[str, Any]) -> None:
        pass

    return app


async def main() -> None:
    """Serve over HTTP on the given port, or over Socket Mode without a port."""
    app = application()
    if len(sys.argv) == 1:
        handler = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"])
        await handler.start_async()  # type: ignore[no-untyped-call]
        return
    handler = AsyncSlackRequestHandler(app)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    async def healthz(_: Request) -> Response:
        return Response("ok")

    routes = [Route("/slack/events", events, methods=["POST"]), Route("/healthz", healthz)]
    config = uvicorn.Config(
        Starlette(routes=routes), port=int(sys.argv[1]), log_level="warning", access_log=False
    )
    await uvicorn.Server(config).serve()


asyncio.run(main())
