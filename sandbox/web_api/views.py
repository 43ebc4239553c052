"""Web API: views.open, update, publish."""

import hashlib
import time

from sandbox.web_api.block_limits import check_blocks
from sandbox.web_api.call import Call, Method
from sandbox.wire import Json, SlackError
from sandbox.workspace import seed

MAX_BLOCKS = 100
MAX_METADATA = 3000


def open_view(call: Call) -> Json:
    """Open a modal for the user of the trigger."""
    view = _view(call, "modal")
    return {"view": _keep(call, view, call.sandbox.interactions.spend(call.need("trigger_id")))}


def update(call: Call) -> Json:
    """Change an open modal or Home, by `view_id` or `external_id`."""
    view, views = _view(call, "modal", "home"), call.workspace.views
    wanted, external = call.text("view_id"), call.text("external_id")
    for kept in views.values():
        if kept["id"] == wanted or (external and kept.get("external_id") == external):
            return {"view": _keep(call, view, kept["user"], kept["id"])}
    raise SlackError("not_found")


def publish(call: Call) -> Json:
    """Publish a user's Home."""
    view, user = _view(call, "home"), call.workspace.user(call.need("user_id"))["id"]
    views = call.workspace.views.values()
    home = next((v["id"] for v in views if v["type"] == "home" and v["user"] == user), None)
    return {"view": _keep(call, view, user, home)}


def _view(call: Call, *types: str) -> Json:
    view = call.data("view")
    if not isinstance(view, dict) or view.get("type") not in types:
        raise SlackError("invalid_arguments")
    check_blocks(view.get("blocks", []), MAX_BLOCKS)
    if len(str(view.get("private_metadata", ""))) > MAX_METADATA:
        raise SlackError("invalid_arguments")
    return view


def _keep(call: Call, view: Json, user: str, view_id: str | None = None) -> Json:
    kept = {
        "private_metadata": "",
        "callback_id": "",
        "state": {"values": {}},
        **view,
        "id": view_id or call.workspace.next_id("V"),
        "hash": f"{int(time.time())}.{hashlib.sha256(str(view).encode()).hexdigest()[:8]}",
        "team_id": seed.TEAM_ID,
        "app_id": seed.APP_ID,
        "bot_id": seed.BOT_ID,
        "user": user,
    }
    kept["root_view_id"] = kept["id"]
    call.workspace.views[kept["id"]] = kept
    call.workspace.changed("view", view=kept)
    return kept


METHODS: dict[str, Method] = {
    "views.open": open_view,
    "views.update": update,
    "views.publish": publish,
}
