"""The sandbox as one Starlette application."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from support_triage.sandbox.config import SandboxConfig
from support_triage.sandbox.control import control_routes
from support_triage.sandbox.files import file_routes
from support_triage.sandbox.guard import LoopbackOnly
from support_triage.sandbox.page import page_routes
from support_triage.sandbox.sandbox import Sandbox
from support_triage.sandbox.web_api import web_api_routes
from support_triage.sandbox.wire import SlackError, WireJson


def create_app(config: SandboxConfig) -> Starlette:
    """A fresh sandbox; `app.state.sandbox` is the `Sandbox` behind it."""
    sandbox = Sandbox(config)

    async def respond(request: Request) -> Response:
        try:
            sandbox.interactions.respond(request.path_params["key"], await request.json())
        except SlackError as error:
            return WireJson({"ok": False, "error": error.code}, 404)
        return PlainTextResponse("ok")

    routes = [
        *page_routes(),
        *control_routes(sandbox),
        *web_api_routes(sandbox),
        *file_routes(sandbox),
        Route("/response/{key}", respond, methods=["POST"]),
        WebSocketRoute("/socket", sandbox.sockets.endpoint),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(LoopbackOnly)])
    app.state.sandbox = sandbox
    return app
