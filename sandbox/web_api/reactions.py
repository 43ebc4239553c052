"""Web API: reactions.add, remove, get."""

from sandbox.web_api.call import Call, Method
from sandbox.wire import Json, SlackError
from sandbox.workspace import acts, seed


def add(call: Call) -> Json:
    """React as the bot."""
    acts.react(call.workspace, seed.BOT_USER, *_item(call))
    return {}


def remove(call: Call) -> Json:
    """Remove the bot's reaction."""
    acts.unreact(call.workspace, seed.BOT_USER, *_item(call))
    return {}


def get(call: Call) -> Json:
    """Return a message with its reactions."""
    place = call.workspace.channel(call.need("channel"))
    kept = call.workspace.message(place["id"], call.need("timestamp"))
    return {"type": "message", "channel": place["id"], "message": kept}


def _item(call: Call) -> tuple[str, str, str]:
    place = call.workspace.channel(call.need("channel"))
    if seed.BOT_USER not in place["members"]:
        raise SlackError("not_in_channel")
    return place["id"], call.need("timestamp"), call.need("name")


METHODS: dict[str, Method] = {
    "reactions.add": add,
    "reactions.remove": remove,
    "reactions.get": get,
}
