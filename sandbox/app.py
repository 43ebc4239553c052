"""The sandbox as one Starlette application."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from sandbox.config import SandboxConfig
from sandbox.control.routes import control_routes
from sandbox.guard import LoopbackOnly
from sandbox.page import page_routes
from sandbox.sandbox import Sandbox
from sandbox.web_api.routes import web_api_routes
from sandbox.web_api.uploads import file_routes
from sandbox.wire import SlackError, WireJson


def create_app(config: SandboxConfig) -> Starlette:
    """Create the app of a new sandbox, which is `app.state.sandbox`."""
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
