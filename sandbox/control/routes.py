"""The control API under /control: actions by POST, state by GET, changes as a stream."""

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sandbox.control import people as control_people
from sandbox.control import slack as control_slack
from sandbox.sandbox import Sandbox
from sandbox.wire import Json, SlackError, WireJson
from sandbox.workspace import seed

ACTS = {**control_people.ACTS, **control_slack.ACTS}


def control_routes(sandbox: Sandbox) -> list[Route]:
    """Return the control routes of a sandbox."""

    async def act(request: Request) -> Response:
        found = ACTS.get(request.path_params["act"])
        if found is None:
            return WireJson({"ok": False, "error": "unknown_act"}, 404)
        if not request.headers.get("content-type", "").startswith("application/json"):
            return WireJson({"ok": False, "error": "json_only"}, 415)
        body = await request.json()
        try:
            return WireJson({"ok": True, **await found(sandbox, body)})
        except SlackError as error:
            return WireJson({"ok": False, "error": error.code, **error.details}, 400)
        except KeyError as error:
            return WireJson({"ok": False, "error": f"missing {error.args[0]}"}, 400)

    async def state(_request: Request) -> Response:
        return WireJson(snapshot(sandbox))

    async def calls(request: Request) -> Response:
        method = request.query_params.get("method")
        rows = [c for c in sandbox.calls if method in (None, c["method"])]
        return WireJson({"calls": rows})

    async def deliveries(_request: Request) -> Response:
        return WireJson({"deliveries": sandbox.delivery.records})

    async def stream(_request: Request) -> Response:
        headers = {"cache-control": "no-store"}
        return StreamingResponse(sandbox.stream.listen(), 200, headers, "text/event-stream")

    return [
        Route("/control/state", state),
        Route("/control/calls", calls),
        Route("/control/deliveries", deliveries),
        Route("/control/stream", stream),
        Route("/control/{act}", act, methods=["POST"]),
    ]


def snapshot(sandbox: Sandbox) -> Json:
    """Return the whole visible state as one object."""
    workspace = sandbox.workspace
    return {
        "team_id": workspace.team_id,
        "bot_user_id": seed.BOT_USER,
        "bot_id": seed.BOT_ID,
        "connected": sandbox.connected,
        "users": list(workspace.users.values()),
        "usergroups": workspace.usergroups,
        "channels": list(workspace.channels.values()),
        "messages": {cid: list(kept.values()) for cid, kept in workspace.messages.items()},
        "ephemerals": workspace.ephemerals,
        "files": list(workspace.files.values()),
        "views": list(workspace.views.values()),
        "emoji": workspace.custom_emoji,
    }
