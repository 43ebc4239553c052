"""Web API: chat.postMessage, update, delete, postEphemeral, getPermalink."""

from sandbox.web_api.block_limits import check_blocks
from sandbox.web_api.call import Call, Method
from sandbox.wire import Json, SlackError
from sandbox.workspace import acts, seed

MAX_TEXT = 40_000
MAX_BLOCKS = 50
CONTENT = ("text", "blocks", "attachments", "metadata")


def post_message(call: Call) -> Json:
    """Post as the bot."""
    place = _place(call)
    message = _author(call) | {"text": ""} | _content(call)
    if call.text("thread_ts"):
        message["thread_ts"] = call.text("thread_ts")
        if call.flag("reply_broadcast"):
            message["subtype"] = "thread_broadcast"
    kept = acts.post(call.workspace, place["id"], message)
    return {"channel": place["id"], "ts": kept["ts"], "message": kept}


def update(call: Call) -> Json:
    """Change one of the bot's own messages."""
    place = call.workspace.channel(call.need("channel"))
    kept = call.workspace.message(place["id"], call.need("ts"))
    if kept.get("bot_id") != seed.BOT_ID:
        raise SlackError("cant_update_message")
    acts.edit(call.workspace, place["id"], kept["ts"], _content(call), seed.BOT_USER)
    return {"channel": place["id"], "ts": kept["ts"], "text": kept["text"], "message": kept}


def delete(call: Call) -> Json:
    """Delete one of the bot's own messages."""
    place = call.workspace.channel(call.need("channel"))
    kept = call.workspace.message(place["id"], call.need("ts"))
    if kept.get("bot_id") != seed.BOT_ID:
        raise SlackError("cant_delete_message")
    acts.delete(call.workspace, place["id"], kept["ts"])
    return {"channel": place["id"], "ts": kept["ts"]}


def post_ephemeral(call: Call) -> Json:
    """Show a message to one member of the channel."""
    place, user = _place(call), call.need("user")
    if user not in place["members"]:
        raise SlackError("user_not_in_channel")
    kept = acts.whisper(call.workspace, user, place["id"], _content(call))
    return {"message_ts": kept["ts"]}


def get_permalink(call: Call) -> Json:
    """Return the URL of a message, which opens the page."""
    place = call.workspace.channel(call.need("channel"))
    kept = call.workspace.message(place["id"], call.need("message_ts"))
    tail = f"{place['id']}/p{kept['ts'].replace('.', '')}"
    link = f"{call.sandbox.config.url}/archives/{tail}"
    if kept.get("thread_ts", kept["ts"]) != kept["ts"]:
        link += f"?thread_ts={kept['thread_ts']}&cid={place['id']}"
    return {"channel": place["id"], "permalink": link}


def _place(call: Call) -> Json:
    ref = call.need("channel")
    if ref in call.workspace.users:
        return call.workspace.direct(ref)
    place = call.workspace.channel(ref, by_name=True)
    if seed.BOT_USER not in place["members"]:
        raise SlackError("not_in_channel")
    return place


def _author(call: Call) -> Json:
    author = {"user": seed.BOT_USER, "bot_id": seed.BOT_ID, "app_id": seed.APP_ID}
    profile = {"id": seed.BOT_ID, "app_id": seed.APP_ID, "name": "Triage", "deleted": False}
    author_fields: Json = {**author, "bot_profile": {**profile, "team_id": seed.TEAM_ID}}
    if name := call.text("username"):
        return {"subtype": "bot_message", "username": name, **author_fields}
    return author_fields


def _content(call: Call) -> Json:
    found: Json = {"text": call.text("text")} if "text" in call.args else {}
    for name in CONTENT[1:]:
        if name in call.args:
            found[name] = call.data(name, f"invalid_{name}")
    if not any(found.get(name) for name in CONTENT[:3]):
        raise SlackError("no_text")
    if len(found.get("text", "")) > MAX_TEXT:
        raise SlackError("msg_too_long")
    check_blocks(found.get("blocks") or [], MAX_BLOCKS)
    metadata = found.get("metadata")
    if metadata and not {"event_type", "event_payload"} <= set(metadata):
        raise SlackError("invalid_metadata_format")
    return found


METHODS: dict[str, Method] = {
    "chat.postMessage": post_message,
    "chat.update": update,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
    "chat.getPermalink": get_permalink,
}
