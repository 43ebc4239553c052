"""Web API: conversations.list, info, history, replies, join, members, open."""

from decimal import Decimal, InvalidOperation

from sandbox.web_api.call import Call, Method
from sandbox.wire import Json, SlackError
from sandbox.workspace import acts, seed


def list_channels(call: Call) -> Json:
    """Return channels of the given types, by default public channels."""
    types = call.text("types", "public_channel").split(",")
    rows = [_shown(c) for c in call.workspace.channels.values() if _type(c) in types]
    page, metadata = call.page(rows)
    return {"channels": page, "response_metadata": metadata}


def info(call: Call) -> Json:
    """Return a channel."""
    return {"channel": _shown(call.workspace.channel(call.need("channel")))}


def history(call: Call) -> Json:
    """Return the messages of a channel, newest first, without replies in threads."""
    kept = call.workspace.messages[_joined(call)["id"]].values()
    top = [m for m in kept if m.get("thread_ts", m["ts"]) == m["ts"] or _broadcast(m)]
    return _messages(call, top[::-1])


def replies(call: Call) -> Json:
    """Return a thread: its parent, then its replies, oldest first."""
    place, ts = _joined(call), call.need("ts")
    root = call.workspace.message(place["id"], ts, "thread_not_found").get("thread_ts", ts)
    kept = call.workspace.messages[place["id"]].values()
    return _messages(call, [m for m in kept if root in (m["ts"], m.get("thread_ts"))])


def join(call: Call) -> Json:
    """Make the bot a member of a public channel."""
    return {"channel": _shown(acts.join(call.workspace, seed.BOT_USER, call.need("channel")))}


def members(call: Call) -> Json:
    """Return the user ids of a channel's members."""
    page, metadata = call.page(call.workspace.channel(call.need("channel"))["members"])
    return {"members": page, "response_metadata": metadata}


def open_direct(call: Call) -> Json:
    """Return the direct conversation with a user."""
    return {"channel": {"id": call.workspace.direct(call.need("users"))["id"]}}


def _joined(call: Call) -> Json:
    place = call.workspace.channel(call.need("channel"))
    if seed.BOT_USER not in place["members"]:
        raise SlackError("not_in_channel")
    return place


def _messages(call: Call, found: list[Json]) -> Json:
    oldest, latest = _time(call, "oldest"), _time(call, "latest")
    inclusive = call.flag("inclusive")

    def inside(ts: Decimal) -> bool:
        if inclusive and ts in (oldest, latest):
            return True
        return (oldest is None or ts > oldest) and (latest is None or ts < latest)

    rows = [m for m in found if inside(Decimal(m["ts"]))]
    page, metadata = call.page(rows)
    more = bool(metadata["next_cursor"])
    hidden = () if call.flag("include_all_metadata") else ("metadata",)
    shown = [{k: v for k, v in m.items() if k not in hidden} for m in page]
    answer: Json = {"messages": shown, "has_more": more}
    return answer | ({"response_metadata": metadata} if more else {})


def _time(call: Call, name: str) -> Decimal | None:
    try:
        return Decimal(value) if (value := call.text(name)) else None
    except InvalidOperation:
        raise SlackError(f"invalid_ts_{name}") from None


def _broadcast(message: Json) -> bool:
    return message.get("subtype") == "thread_broadcast"


def _type(place: Json) -> str:
    if place.get("is_im"):
        return "im"
    return "private_channel" if place.get("is_private") else "public_channel"


def _shown(place: Json) -> Json:
    fields = {k: v for k, v in place.items() if k != "members"}
    is_member = seed.BOT_USER in place["members"]
    return {**fields, "is_member": is_member, "num_members": len(place["members"])}


METHODS: dict[str, Method] = {
    "conversations.list": list_channels,
    "conversations.info": info,
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.join": join,
    "conversations.members": members,
    "conversations.open": open_direct,
}
