"""Web API: auth.test, apps.connections.open, emoji.list."""

from sandbox.web_api.call import Call, Method
from sandbox.wire import Json
from sandbox.workspace import seed


def auth_test(call: Call) -> Json:
    """Return the owner of the token."""
    return {
        "url": f"{call.sandbox.config.url}/",
        "team": "Sandbox",
        "user": "triage",
        "team_id": seed.TEAM_ID,
        "user_id": seed.BOT_USER,
        "bot_id": seed.BOT_ID,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> Json:
    """Return a URL that opens one Socket Mode connection."""
    base = call.sandbox.config.url.replace("http", "ws", 1)
    return {"url": f"{base}/socket?ticket={call.sandbox.sockets.ticket()}"}


def emoji_list(call: Call) -> Json:
    """Return the custom emoji, aliases as `alias:name`."""
    return {"emoji": call.workspace.custom_emoji, "cache_ts": "0"}


METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "emoji.list": emoji_list,
}
