"""The initial workspace of a sandbox: channels, people and groups."""

from sandbox.wire import Json

TEAM_ID = "TSANDBOX1"
APP_ID = "ASANDBOX1"
BOT_USER = "UBOT00001"
BOT_ID = "BBOT00001"

PEOPLE = (
    ("U0CLEO", "cleo", "Cleo Chen", "customer"),
    ("U0CARL", "carl", "Carl Costa", "customer"),
    ("U0AVA", "ava", "Ava Okafor", "agent"),
    ("U0ABEL", "abel", "Abel Lind", "agent"),
    ("U0ADA", "ada", "Ada Novak", "admin"),
)
CHANNELS = (
    ("C0SUPPORT", "support", "Ask us anything"),
    ("C0BILLING", "billing", "Invoices, payments, refunds"),
    ("C0TECHNICAL", "technical", "Errors, outages, integrations"),
    ("C0ACCOUNT", "account", "Logins, seats, permissions"),
    ("C0OTHER", "general-triage", "Everything else"),
    ("C0HUMAN", "needs-human", "The bot was not sure"),
)
GROUPS = (
    ("S0AGENTS", "support-agents", "Support agents", ("U0AVA", "U0ABEL")),
    ("S0ADMINS", "support-admins", "Support admins", ("U0ADA",)),
)


UNSHARED: Json = {
    "is_shared": False,
    "is_ext_shared": False,
    "is_org_shared": False,
    "is_pending_ext_shared": False,
    "pending_shared": [],
    "pending_connected_team_ids": [],
    "shared_team_ids": [TEAM_ID],
}
"""Fields of `conversations.info` for a channel that is not shared."""


def users() -> dict[str, Json]:
    """Return people and the bot by id, in the form of `users.info`; `role` is our addition."""
    found = {uid: _user(uid, name, real, role) for uid, name, real, role in PEOPLE}
    bot = _user(BOT_USER, "triage", "Triage", "bot")
    bot["profile"] |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
    return found | {BOT_USER: bot}


def _user(uid: str, name: str, real_name: str, role: str) -> Json:
    return {
        "id": uid,
        "team_id": TEAM_ID,
        "name": name,
        "real_name": real_name,
        "deleted": False,
        "is_bot": role == "bot",
        "is_admin": role == "admin",
        "is_owner": False,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "role": role,
        "profile": {"display_name": name, "real_name": real_name, "email": f"{name}@example.com"},
    }


def channels(created: int) -> dict[str, Json]:
    """Return public channels by id, in the form of `conversations.info`; all are members."""
    return {cid: channel(cid, name, topic, created) for cid, name, topic in CHANNELS}


def channel(cid: str, name: str, topic: str, created: int) -> Json:
    """Return a public channel whose members are all people and the bot."""
    return {
        "id": cid,
        "name": name,
        "name_normalized": name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_private": False,
        "is_archived": False,
        "is_general": False,
        **UNSHARED,
        "context_team_id": TEAM_ID,
        "created": created,
        "creator": "U0ADA",
        "topic": {"value": topic, "creator": "U0ADA", "last_set": created},
        "purpose": {"value": topic, "creator": "U0ADA", "last_set": created},
        "members": [uid for uid, *_ in PEOPLE] + [BOT_USER],
    }


def usergroups() -> list[Json]:
    """Return the user groups in the form of `usergroups.list`."""
    return [
        {
            "id": gid,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "handle": handle,
            "name": name,
            "users": list(members),
            "user_count": len(members),
            "date_delete": 0,
        }
        for gid, handle, name, members in GROUPS
    ]
