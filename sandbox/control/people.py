"""Control API for people's actions: write, edit, react, run commands, press buttons."""

import base64
from collections.abc import Awaitable, Callable

from sandbox.delivery.transport import NotAckedError
from sandbox.sandbox import Sandbox
from sandbox.web_api.uploads import new_file
from sandbox.wire import Json, SlackError, only
from sandbox.workspace import acts, partner

SENDER = ("bot_id", "bot_profile", "app_id")
"""Fields of a message that an app wrote; an empty `bot_id` is omitted."""

Act = Callable[[Sandbox, Json], Awaitable[Json]]


async def message(sandbox: Sandbox, body: Json) -> Json:
    """Write a message; `text` is in Slack's form (`&lt;`, `<@U…>`)."""
    fields = only(body, "thread_ts", "blocks", "attachments", "username")
    fields["text"] = body.get("text", "")
    files = [_attach(sandbox, file, body["user"]) for file in body.get("files", [])]
    place = sandbox.workspace.channel(body["channel"], by_name=True)["id"]
    if files:
        fields |= {"subtype": "file_share", "files": files, "upload": False}
    if body.get("subtype") == "bot_message":
        sender = {"subtype": "bot_message", "bot_id": "BFORM0001", **only(body, *SENDER)}
        known = {name: value for name, value in sender.items() if value}
        kept = acts.post(sandbox.workspace, place, fields | known)
    else:
        if body.get("subtype"):
            fields["subtype"] = body["subtype"]
        fields |= only(body, *SENDER)
        kept = acts.person_post(sandbox.workspace, body["user"], place, fields)
    return {"channel": place, "ts": kept["ts"], "message": kept}


async def edit(sandbox: Sandbox, body: Json) -> Json:
    """Edit a message."""
    by, text = body.get("user"), str(body["text"])
    kept = sandbox.workspace.message(body["channel"], body["ts"])
    acts.edit(sandbox.workspace, body["channel"], body["ts"], {"text": text}, by or kept["user"])
    return {"message": kept}


async def delete(sandbox: Sandbox, body: Json) -> Json:
    """Delete a message."""
    acts.delete(sandbox.workspace, body["channel"], body["ts"])
    return {}


async def react(sandbox: Sandbox, body: Json) -> Json:
    """Add a person's reaction."""
    acts.react(sandbox.workspace, *_reaction(sandbox, body))
    return {}


async def unreact(sandbox: Sandbox, body: Json) -> Json:
    """Remove a person's reaction."""
    acts.unreact(sandbox.workspace, *_reaction(sandbox, body))
    return {}


async def slash(sandbox: Sandbox, body: Json) -> Json:
    """Run a slash command and wait for its ack; answer `operation_timeout` without an ack."""
    place = sandbox.workspace.channel(body["channel"], by_name=True)["id"]
    words = (body["command"], body.get("text", ""))
    return await _acked(sandbox.interactions.slash(body["user"], place, *words))


async def click(sandbox: Sandbox, body: Json) -> Json:
    """Press a button or choose an option in a message or a view."""
    where = only(body, "channel", "ts", "view_id")
    action = {k: v for k, v in body.items() if k not in {"user", "channel", "ts", "view_id"}}
    action = {"type": "button", "action_ts": sandbox.workspace.next_ts(), **action}
    return await _acked(sandbox.interactions.click(body["user"], action, where))


async def submit(sandbox: Sandbox, body: Json) -> Json:
    """Submit a modal."""
    values = body.get("values", {})
    return await _acked(sandbox.interactions.submit(body["user"], body["view_id"], values))


async def home(sandbox: Sandbox, body: Json) -> Json:
    """Open the app's Home tab."""
    user, views = sandbox.workspace.user(body["user"])["id"], sandbox.workspace.views.values()
    view = next((v for v in views if v["type"] == "home" and v["user"] == user), None)
    event = {
        "type": "app_home_opened",
        "user": user,
        "channel": sandbox.workspace.direct(user)["id"],
        "tab": body.get("tab", "home"),
        "event_ts": sandbox.workspace.next_ts(),
    }
    sandbox.workspace.emit(event | ({"view": view} if view else {}))
    return {"view": view}


async def join(sandbox: Sandbox, body: Json) -> Json:
    """Make a user, or the bot, a member of a channel."""
    place = sandbox.workspace.channel(body["channel"], by_name=True)["id"]
    return {"channel": acts.join(sandbox.workspace, body["user"], place)}


async def _acked(reply: Awaitable[Json]) -> Json:
    try:
        return {"response": await reply}
    except NotAckedError as error:
        raise SlackError("operation_timeout", reason=error.reason) from error


def _attach(sandbox: Sandbox, file: Json, user: str) -> Json:
    encoded = file.get("content_base64")
    content = base64.b64decode(encoded) if encoded else str(file.get("content", "")).encode()
    kept = new_file(sandbox, file["name"], len(content), user)
    sandbox.workspace.contents[kept["id"]] = content
    return kept


def _reaction(sandbox: Sandbox, body: Json) -> tuple[str, str, str, str]:
    place = sandbox.workspace.channel(body["channel"], by_name=True)
    person = sandbox.workspace.user(body["user"])
    partner.check_presence(person, place)
    return person["id"], place["id"], body["ts"], body["name"]


ACTS: dict[str, Act] = {
    "messages": message,
    "edit": edit,
    "delete": delete,
    "react": react,
    "unreact": unreact,
    "slash": slash,
    "click": click,
    "submit": submit,
    "home": home,
    "join": join,
}
