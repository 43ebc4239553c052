"""Control API for Slack's side: limits, faults, redelivery, reconnects and new channels."""

from sandbox.control.people import Act
from sandbox.faults import Fault
from sandbox.sandbox import Sandbox
from sandbox.wire import Json, SlackError
from sandbox.workspace import partner, seed


async def faults(sandbox: Sandbox, body: Json) -> Json:
    """Make a method fail; with `clear`, remove all pending faults first."""
    if body.get("clear"):
        sandbox.faults.pending.clear()
    if "method" in body:
        known = {k: v for k, v in body.items() if k != "clear"}
        sandbox.faults.add(Fault(**{**known, "answer": str(body["answer"])}))
    return {"pending": [vars(fault) for fault in sandbox.faults.pending]}


async def limits(sandbox: Sandbox, body: Json) -> Json:
    """Switch rate limits on or off; `window` is the length of their minute, in seconds."""
    sandbox.limits.on = bool(body["on"])
    sandbox.limits.window = float(body.get("window", sandbox.limits.window))
    sandbox.limits.clear()
    return {"on": sandbox.limits.on, "window": sandbox.limits.window}


async def duplicate(sandbox: Sandbox, body: Json) -> Json:
    """Deliver an event again under a new id: by `event_id`, or the last event about a `ts`."""
    event_id = body.get("event_id")
    if event_id is None:
        found = [r for r in sandbox.delivery.records if r["ts"] == body["ts"]]
        event_id = found[-1]["event_id"] if found else ""
    new_id = sandbox.delivery.redeliver(event_id)
    if new_id is None:
        raise SlackError("event_not_found")
    return {"event_id": new_id}


async def refresh(sandbox: Sandbox, _body: Json) -> Json:
    """Ask every Socket Mode client to reconnect."""
    return {"asked": await sandbox.sockets.refresh()}


async def emoji(sandbox: Sandbox, body: Json) -> Json:
    """Add a custom emoji; `value` is the URL of an image, or `alias:name`."""
    name, value = body["name"], body["value"]
    sandbox.workspace.custom_emoji[name] = value
    event = {"type": "emoji_changed", "subtype": "add", "name": name, "value": value}
    sandbox.workspace.emit(event | {"event_ts": sandbox.workspace.next_ts()})
    sandbox.workspace.changed("emoji", emoji=sandbox.workspace.custom_emoji)
    return {}


async def channel(sandbox: Sandbox, body: Json) -> Json:
    """Create a channel: without the bot if `bot` is false, private if `private` is true."""
    cid = body.get("id") or sandbox.workspace.next_id("C")
    place = seed.channel(cid, body["name"], body.get("topic", ""), 0)
    place["is_private"] = bool(body.get("private"))
    if not body.get("bot", True):
        place["members"].remove(seed.BOT_USER)
    sandbox.workspace.channels[cid] = place
    sandbox.workspace.messages[cid] = {}
    sandbox.workspace.changed("channel", channel=place)
    return {"channel": place}


async def share(sandbox: Sandbox, body: Json) -> Json:
    """Share a channel with the second company; `host` is the workspace that owns it."""
    place = sandbox.workspace.channel(body["channel"], by_name=True)
    partner.share(place, body.get("host", seed.TEAM_ID))
    return _shared(sandbox, place, {"type": "channel_shared", "connected_team_id": partner.TEAM_ID})


async def unshare(sandbox: Sandbox, body: Json) -> Json:
    """Stop sharing a channel."""
    place = sandbox.workspace.channel(body["channel"], by_name=True)
    partner.unshare(place)
    former = {"previously_connected_team_id": partner.TEAM_ID, "is_ext_shared": False}
    return _shared(sandbox, place, {"type": "channel_unshared", **former})


def _shared(sandbox: Sandbox, place: Json, happened: Json) -> Json:
    where = {"channel": place["id"], "event_ts": sandbox.workspace.next_ts()}
    sandbox.workspace.emit({**happened, **where})
    sandbox.workspace.changed("channel", channel=place)
    return {"channel": place}


async def event(sandbox: Sandbox, body: Json) -> Json:
    """Deliver any event unchanged (`app_uninstalled`, `tokens_revoked`…).

    `envelope` overrides fields of the surrounding request, such as `team_id`.
    """
    return {"event_id": sandbox.delivery.event(body["event"], body.get("envelope"))}


ACTS: dict[str, Act] = {
    "faults": faults,
    "limits": limits,
    "duplicate": duplicate,
    "refresh": refresh,
    "emoji": emoji,
    "channels": channel,
    "share": share,
    "unshare": unshare,
    "event": event,
}
