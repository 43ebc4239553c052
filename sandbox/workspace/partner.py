"""The second company, Globex: its people, and the channels shared with it (Slack Connect)."""

from sandbox.wire import Json, SlackError
from sandbox.workspace import seed

TEAM_ID = "TPARTNER1"
NAME = "Globex"
CHANNEL = ("C0GLOBEX", "with-globex", "Shared with Globex, who made it")
PEOPLE = (("U1GINA", "gina", "Gina Rossi"), ("U1GUS", "gus", "Gus Weber"))


def people() -> dict[str, Json]:
    """Return the people of the second company by id, in the form of `users.info` for strangers."""
    return {uid: _stranger(uid, name, real) for uid, name, real in PEOPLE}


def _stranger(uid: str, name: str, real_name: str) -> Json:
    profile = {"display_name": name, "real_name": real_name, "team": TEAM_ID}
    return {
        "id": uid,
        "team_id": TEAM_ID,
        "name": name,
        "real_name": real_name,
        "deleted": False,
        "is_bot": False,
        "is_stranger": True,
        "is_app_user": False,
        "updated": 0,
        "role": "partner",
        "profile": profile,
    }


def channels(created: int) -> dict[str, Json]:
    """Return the channel that the second company shares with the first from the start."""
    cid, name, topic = CHANNEL
    place = seed.channel(cid, name, topic, created)
    share(place, TEAM_ID)
    return {cid: place}


def share(place: Json, host: str) -> None:
    """Share a channel with the second company; `host` is the workspace that owns it."""
    place |= {
        "is_shared": True,
        "is_ext_shared": True,
        "shared_team_ids": [seed.TEAM_ID, TEAM_ID],
        "connected_team_ids": [TEAM_ID],
        "internal_team_ids": [seed.TEAM_ID],
        "conversation_host_id": host,
    }
    place["members"] += [uid for uid, *_ in PEOPLE if uid not in place["members"]]


def unshare(place: Json) -> None:
    """Stop sharing a channel."""
    for name in ("connected_team_ids", "internal_team_ids", "conversation_host_id"):
        place.pop(name, None)
    place |= seed.UNSHARED
    place["members"] = [uid for uid in place["members"] if uid not in people()]


def check_presence(person: Json, place: Json) -> None:
    """Raise `not_in_channel` if a stranger acts in a channel that is not shared with them."""
    if person["team_id"] == TEAM_ID and person["id"] not in place["members"]:
        raise SlackError("not_in_channel")


def authorship(person: Json, place: Json) -> Json:
    """Return the fields about the author that a message in a shared channel has."""
    if not place.get("is_ext_shared"):
        return {}
    home = person["team_id"]
    profile = {**person["profile"], "name": person["name"], "team": home}
    profile.pop("email", None)
    return {"team": home, "user_team": home, "source_team": home, "user_profile": profile}


def outer(place: Json) -> Json:
    """Return the fields about workspaces of an event request for this channel.

    In a shared channel, `team_id` is the workspace that owns the channel, which may be the other
    company's. `authorizations` and `context_team_id` are always those of the installation.
    """
    host = place.get("conversation_host_id", seed.TEAM_ID)
    return {"team_id": host, "is_ext_shared_channel": bool(place.get("is_ext_shared"))}
