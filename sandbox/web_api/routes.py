"""The Web API under /api: faults, rate limits, authorization, then the method."""

import asyncio
import json
import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.sandbox import Sandbox
from sandbox.web_api import auth as api_auth
from sandbox.web_api import chat as api_chat
from sandbox.web_api import conversations as api_conversations
from sandbox.web_api import files as api_files
from sandbox.web_api import people as api_people
from sandbox.web_api import reactions as api_reactions
from sandbox.web_api import views as api_views
from sandbox.web_api.call import Call, Method
from sandbox.web_api.forms import arguments
from sandbox.wire import Json, SlackError, WireJson

METHODS: dict[str, Method] = {
    **api_auth.METHODS,
    **api_chat.METHODS,
    **api_conversations.METHODS,
    **api_files.METHODS,
    **api_people.METHODS,
    **api_reactions.METHODS,
    **api_views.METHODS,
}
APP_TOKEN_METHODS = ("apps.connections.open",)
SCOPES = (
    "channels:history,groups:history,channels:read,groups:read,channels:join,chat:write,"
    "reactions:read,reactions:write,commands,users:read,usergroups:read,files:write,emoji:read,"
    "metadata.message:read,im:write"
)


def web_api_routes(sandbox: Sandbox) -> list[Route]:
    """Return the route that serves all methods."""

    async def endpoint(request: Request) -> Response:
        method = request.path_params["method"]
        args = await arguments(request)
        token = _token(request, args)
        fault = sandbox.faults.take(method)
        if fault:
            await asyncio.sleep(fault.delay)
        response = _respond(sandbox, method, args, token, fault)
        body = json.loads(bytes(response.body)) if response.status_code == 200 else {}  # noqa: PLR2004
        entry = {"method": method, "args": args, "at": time.time()}
        entry |= {"status": response.status_code}
        entry |= {"ok": bool(body.get("ok")), "error": body.get("error")}
        sandbox.calls.append(entry)
        return response

    return [Route("/api/{method}", endpoint, methods=["GET", "POST"])]


def _respond(
    sandbox: Sandbox, method: str, args: Json, token: str, fault: Fault | None
) -> Response:
    fails = fault is not None and fault.answer != "ok"
    if fault and fails and not fault.performed:
        return _fail(fault)
    if seconds := sandbox.limits.wait(method, str(args.get("channel", ""))):
        return _limited(seconds)
    try:
        _authorize(sandbox, method, token)
        body = {"ok": True, **METHODS[method](Call(sandbox, args))}
    except SlackError as error:
        body = {"ok": False, "error": error.code, **error.details}
    if fault and fails:
        return _fail(fault)
    headers = {"x-oauth-scopes": SCOPES, "x-slack-req-id": str(len(sandbox.calls))}
    return WireJson(body, headers=headers)


def _authorize(sandbox: Sandbox, method: str, token: str) -> None:
    if not token:
        raise SlackError("not_authed")
    known = {sandbox.config.bot_token, sandbox.config.app_token}
    if token not in known:
        raise SlackError("invalid_auth")
    for_app = method in APP_TOKEN_METHODS
    if token != (sandbox.config.app_token if for_app else sandbox.config.bot_token):
        raise SlackError("not_allowed_token_type")
    if method not in METHODS:
        raise SlackError("unknown_method")


def _fail(fault: Fault) -> Response:
    if fault.answer == "429":
        return _limited(fault.retry_after)
    if fault.answer.isdigit():
        return PlainTextResponse("the sandbox was asked to fail", int(fault.answer))
    return WireJson({"ok": False, "error": fault.answer})


def _limited(seconds: int) -> Response:
    return WireJson(
        {"ok": False, "error": "ratelimited"}, 429, headers={"retry-after": str(seconds)}
    )


def _token(request: Request, args: Json) -> str:
    header = request.headers.get("authorization", "")
    return str(args.pop("token", "") or header.removeprefix("Bearer ").strip())
