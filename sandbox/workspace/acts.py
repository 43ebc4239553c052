"""Actions on messages by people and apps; each changes the workspace and notifies listeners."""

from copy import deepcopy
from uuid import uuid4

from sandbox.wire import Json, SlackError
from sandbox.workspace import partner, seed
from sandbox.workspace.composer import composed
from sandbox.workspace.state import Workspace

HIDDEN = ("metadata", "reactions", "reply_count", "reply_users", "latest_reply", "subscribed")


def post(workspace: Workspace, channel: str, message: Json) -> Json:
    """Post a message (its author's fields, text, blocks, thread_ts…) in a channel; return it."""
    place = workspace.channel(channel)
    ts = workspace.next_ts()
    kept: Json = {"type": "message", "team": workspace.team_id, **message, "ts": ts}
    if not kept.get("thread_ts"):
        kept.pop("thread_ts", None)
    else:
        _join_thread(workspace, channel, kept)
    workspace.messages[place["id"]][ts] = kept
    workspace.emit(_event(place, _shown(kept), ts))
    told(workspace, channel, ts)
    return kept


def person_post(workspace: Workspace, user: str, channel: str, message: Json) -> Json:
    """Post a person's message the way Slack's client does, with a rich text block."""
    person, place = workspace.user(user), workspace.channel(channel)
    partner.check_presence(person, place)
    blocks = composed(str(message.get("text", "")))
    fields = {"user": user, "client_msg_id": str(uuid4()), "blocks": blocks}
    fields |= partner.authorship(person, place)
    return post(workspace, channel, {**fields, **message})


def edit(workspace: Workspace, channel: str, ts: str, changes: Json, by: str) -> Json:
    """Edit a message; the app receives `message_changed`.

    A person's new text gets a rich text block, as from Slack's client.
    """
    place, kept = workspace.channel(channel), workspace.message(channel, ts)
    before, now = deepcopy(kept), workspace.next_ts()
    if "client_msg_id" in kept and "text" in changes:
        changes = {"blocks": composed(str(changes["text"])), **changes}
    kept |= {**changes, "edited": {"user": by, "ts": now}}
    pair = {"message": _shown(kept), "previous_message": _shown(before)}
    workspace.emit(_event(place, {"subtype": "message_changed", "hidden": True, **pair}, now))
    told(workspace, channel, ts)
    return kept


def delete(workspace: Workspace, channel: str, ts: str) -> None:
    """Delete a message; the app receives `message_deleted` with the original message."""
    place, kept = workspace.channel(channel), workspace.message(channel, ts)
    del workspace.messages[place["id"]][ts]
    parent = workspace.messages[place["id"]].get(kept.get("thread_ts", ""))
    if parent and parent is not kept:
        _count_replies(workspace, channel, parent)
        told(workspace, channel, parent["ts"])
    original = {"deleted_ts": ts, "previous_message": _shown(kept)}
    event = {"subtype": "message_deleted", "hidden": True, **original}
    workspace.emit(_event(place, event, workspace.next_ts()))
    told(workspace, channel, ts)


def react(workspace: Workspace, user: str, channel: str, ts: str, name: str) -> None:
    """Add a reaction; raise `invalid_name`, `message_not_found` or `already_reacted`."""
    name, kept = workspace.emoji(name), workspace.message(channel, ts)
    reactions = kept.setdefault("reactions", [])
    found = next((r for r in reactions if r["name"] == name), None)
    if found is None:
        found = {"name": name, "users": [], "count": 0}
        reactions.append(found)
    if user in found["users"]:
        raise SlackError("already_reacted")
    found["users"].append(user)
    found["count"] += 1
    _tell_reaction(workspace, "reaction_added", user, channel, kept, name)


def unreact(workspace: Workspace, user: str, channel: str, ts: str, name: str) -> None:
    """Remove the user's reaction; raise `no_reaction` if there is none."""
    name, kept = workspace.emoji(name), workspace.message(channel, ts)
    reactions = kept.get("reactions", [])
    found = next((r for r in reactions if r["name"] == name and user in r["users"]), None)
    if found is None:
        raise SlackError("no_reaction")
    found["users"].remove(user)
    found["count"] -= 1
    kept["reactions"] = [r for r in reactions if r["count"]]
    _tell_reaction(workspace, "reaction_removed", user, channel, kept, name)


def whisper(workspace: Workspace, user: str, channel: str, message: Json) -> Json:
    """Show a message to one user only."""
    kept = {
        "type": "message",
        "user": seed.BOT_USER,
        "bot_id": seed.BOT_ID,
        **message,
        "ts": workspace.next_ts(),
        "channel": workspace.channel(channel)["id"],
        "visible_to": user,
    }
    workspace.ephemerals.append(kept)
    workspace.changed("ephemeral", message=kept)
    return kept


def join(workspace: Workspace, user: str, channel: str) -> Json:
    """Make a user a member of a channel; the app receives `member_joined_channel`."""
    place = workspace.channel(channel)
    if user not in place["members"]:
        place["members"].append(user)
        workspace.emit(
            {
                "type": "member_joined_channel",
                "user": user,
                "channel": place["id"],
                "channel_type": "C",
                "team": workspace.team_id,
                "event_ts": workspace.next_ts(),
            }
        )
        workspace.changed("channel", channel=place)
    return place


def told(workspace: Workspace, channel: str, ts: str) -> None:
    """Send the current message to the pages (null if it is deleted)."""
    kept = workspace.messages[channel].get(ts)
    workspace.changed("message", channel=channel, ts=ts, message=kept)


def _shown(message: Json) -> Json:
    return deepcopy({k: v for k, v in message.items() if k not in HIDDEN})


def _event(place: Json, fields: Json, ts: str) -> Json:
    kind = "im" if place.get("is_im") else "group" if place.get("is_private") else "channel"
    where = {"channel": place["id"], "event_ts": ts, "channel_type": kind}
    return {"type": "message", **fields, "ts": ts, **where}


def _join_thread(workspace: Workspace, channel: str, reply: Json) -> None:
    parent = workspace.message(channel, reply["thread_ts"], "thread_not_found")
    reply["parent_user_id"] = parent.get("user")
    parent["thread_ts"] = parent["ts"]
    _count_replies(workspace, channel, parent, reply)
    told(workspace, channel, parent["ts"])


def _count_replies(workspace: Workspace, channel: str, parent: Json, *new: Json) -> None:
    around = workspace.messages[channel].values()
    replies = [m for m in around if m.get("thread_ts") == parent["ts"] and m is not parent]
    replies.extend(new)
    parent["reply_count"] = len(replies)
    parent["reply_users"] = list(dict.fromkeys(m.get("user") for m in replies))
    parent["latest_reply"] = replies[-1]["ts"] if replies else None


def _tell_reaction(
    workspace: Workspace, kind: str, user: str, channel: str, kept: Json, name: str
) -> None:
    event = {
        "type": kind,
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel, "ts": kept["ts"]},
        "item_user": kept.get("user"),
        "event_ts": workspace.next_ts(),
    }
    if event["item_user"] is None:
        del event["item_user"]
    workspace.emit(event)
    told(workspace, channel, kept["ts"])
